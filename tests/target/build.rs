//! Linker arguments, one set for each program.

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-search={here}");
    for program in ["poll", "reading", "sampling"] {
        println!("cargo:rustc-link-arg-bin={program}=-Tmemory.x");
        println!("cargo:rustc-link-arg-bin={program}=-Tlink.x");
    }
    for program in [
        "read_all",
        "read_all_base",
        "window",
        "window_base",
        "meter",
        "meter_base",
    ] {
        println!("cargo:rustc-link-arg-bin={program}=-Tlinked.x");
        println!("cargo:rustc-link-arg-bin={program}=--gc-sections");
    }
    for file in ["memory.x", "linked.x"] {
        println!("cargo:rerun-if-changed={file}");
    }
}
