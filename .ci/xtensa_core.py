#!/usr/bin/env python3
"""Builds core, compiler_builtins and alloc as metadata for an Xtensa target.

rustc knows the target but has no inline assembly for it, so the assembly macros of core are replaced
by stubs that leave every output zeroed. Enough to type-check, and for nothing else.
"""
import os
import re
import shutil
import subprocess
import sys

STUBS = """
#[stable(feature = "asm", since = "1.59.0")]
#[allow_internal_unstable(decl_macro)]
pub macro asm {
    (@) => {{ () }},
    (@ , $($rest:tt)*) => {{ $crate::arch::asm!(@ $($rest)*) }},
    (@ options(noreturn $($option:tt)*) $($rest:tt)*) => { loop {} },
    (@ $name:ident = $kind:ident($($class:tt)*) $($rest:tt)*) => {
        { $crate::arch::asm!(@ $kind($($class)*) $($rest)*) }
    },
    (@ $kind:ident($($class:tt)*) _ => $($rest:tt)*) => { { $crate::arch::asm!(@ $($rest)*) } },
    (@ out($($class:tt)*) _ $($rest:tt)*) => { { $crate::arch::asm!(@ $($rest)*) } },
    (@ lateout($($class:tt)*) _ $($rest:tt)*) => { { $crate::arch::asm!(@ $($rest)*) } },
    (@ out($($class:tt)*) $to:expr $(, $($rest:tt)*)?) => {
        { $to = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ lateout($($class:tt)*) $to:expr $(, $($rest:tt)*)?) => {
        { $to = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inout($($class:tt)*) $from:expr => _ $(, $($rest:tt)*)?) => {
        { let _ = $from; $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inlateout($($class:tt)*) $from:expr => _ $(, $($rest:tt)*)?) => {
        { let _ = $from; $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inout($($class:tt)*) $from:expr => $to:expr $(, $($rest:tt)*)?) => {
        { let _ = $from; $to = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inlateout($($class:tt)*) $from:expr => $to:expr $(, $($rest:tt)*)?) => {
        { let _ = $from; $to = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inout($($class:tt)*) $place:expr $(, $($rest:tt)*)?) => {
        { let _ = $place; $place = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ inlateout($($class:tt)*) $place:expr $(, $($rest:tt)*)?) => {
        { let _ = $place; $place = $crate::mem::zeroed(); $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ in($($class:tt)*) $from:expr $(, $($rest:tt)*)?) => {
        { let _ = $from; $crate::arch::asm!(@ $($($rest)*)?) }
    },
    (@ const $value:expr $(, $($rest:tt)*)?) => { { $crate::arch::asm!(@ $($($rest)*)?) } },
    (@ sym $path:path $(, $($rest:tt)*)?) => { { $crate::arch::asm!(@ $($($rest)*)?) } },
    (@ $kind:ident($($class:tt)*) $($rest:tt)*) => { { $crate::arch::asm!(@ $($rest)*) } },
    (@ $name:ident = $($rest:tt)*) => { { $crate::arch::asm!(@ $($rest)*) } },
    (@ $template:expr $(, $($rest:tt)*)?) => { { $crate::arch::asm!(@ $($($rest)*)?) } },
    ($($everything:tt)*) => { { $crate::arch::asm!(@ $($everything)*) } },
}

#[stable(feature = "global_asm", since = "1.59.0")]
pub macro global_asm($($everything:tt)*) {}

#[stable(feature = "naked_functions", since = "1.88.0")]
pub macro naked_asm($($everything:tt)*) { loop {} }
"""


def without_macro(source, name):
    """`source` without the definition of one built-in macro and the attributes above it."""
    start = source.index(f"pub macro {name}(")
    start = source.rindex("\n#[stable", 0, start) + 1
    end = re.compile(r"\n}\n").search(source, start).end()
    return source[:start] + source[end:]


def main():
    out, target = sys.argv[1:]
    rustc = os.environ.get("RUSTC", "/usr/bin/rustc")
    version = subprocess.check_output([rustc, "--version"], text=True)
    stamp = os.path.join(out, "built-by")
    if os.path.exists(stamp) and open(stamp).read() == version + STUBS:
        return
    sysroot = subprocess.check_output([rustc, "--print", "sysroot"], text=True).strip()
    library = os.path.join(out, "library")
    shutil.rmtree(out, ignore_errors=True)
    lib = os.path.join(out, "lib", "rustlib", target, "lib")
    os.makedirs(lib)
    unneeded = shutil.ignore_patterns("vendor", "std", "tests", "coretests", "alloctests", "examples")
    source = os.path.join(sysroot, "lib", "rustlib", "src", "rust", "library")
    shutil.copytree(source, library, symlinks=True, ignore=unneeded)
    arch = os.path.join(library, "core", "src", "arch.rs")
    with open(arch) as file:
        text = file.read()
    for name in ("asm", "global_asm", "naked_asm"):
        text = without_macro(text, name)
    with open(arch, "w") as file:
        file.write(text + STUBS)

    def compile_crate(name, path, *more):
        subprocess.run(
            [
                rustc, "--edition=2024", "--crate-name", name, "--crate-type", "lib",
                "--emit=metadata", "--target", target, "-Zforce-unstable-if-unmarked",
                "--cap-lints=allow", "-Cpanic=abort", "--sysroot", out,
                "-o", os.path.join(lib, f"lib{name}.rmeta"), os.path.join(library, path), *more,
            ],
            check=True,
            env=dict(os.environ, RUSTC_BOOTSTRAP="1"),
        )

    def extern(name):
        return ["--extern", f"{name}={lib}/lib{name}.rmeta"]

    compile_crate("core", "core/src/lib.rs")
    builtins = "compiler-builtins/compiler-builtins/src/lib.rs"
    flags = ["--cfg", 'feature="compiler-builtins"', "--cfg", 'feature="mem"']
    compile_crate("compiler_builtins", builtins, *flags, *extern("core"))
    compile_crate("alloc", "alloc/src/lib.rs", *extern("core"), *extern("compiler_builtins"))
    with open(stamp, "w") as file:
        file.write(version + STUBS)


main()
