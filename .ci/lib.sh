# Shared by the scripts here; sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

# The chips the project builds for, and the toolchain that can: Debian's rustc with core and alloc
# from .ci/install. Its cargo takes whatever rustc comes first in PATH.
bare() {
  PATH=${c_tools:+$c_tools:}/usr/bin:/bin RUSTC=/usr/bin/rustc CARGO_TARGET_DIR=$root/target/bare "$@"
}

# MbedTLS is built by a compiler called clang, which has its version in its name on Debian.
c_compiler() {
  c_tools=$root/target/c-tools
  mkdir -p "$c_tools"
  ln -sf "$(command -v clang-22 || command -v clang)" "$c_tools/clang"
  export PATH=$c_tools:$PATH CMAKE_GENERATOR=Ninja
}

# Bytes of the named sections of an ELF file, added up.
sections() { # file, pattern
  llvm-size-22 -A "$1" | awk -v want="$2" '$1 ~ want { sum += $2 } END { print sum + 0 }'
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
