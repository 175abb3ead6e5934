# Shared by the scripts here; sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

# The chips the project builds for, and the toolchain that can: Debian's rustc with core and alloc
# from .ci/install. Its cargo takes whatever rustc comes first in PATH.
bare() {
  PATH=/usr/bin:/bin RUSTC=/usr/bin/rustc CARGO_TARGET_DIR=$root/target/bare "$@"
}

# Bytes of the named sections of an ELF file, added up.
sections() { # file, pattern
  llvm-size-22 -A "$1" | awk -v want="$2" '$1 ~ want { sum += $2 } END { print sum + 0 }'
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
