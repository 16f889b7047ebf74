#!/usr/bin/env bash
# Sets up, builds and runs every test: on a fresh Debian 12, `tests/run.sh` is all there is to type.
#
#   tests/run.sh [--strict] [--quick]
#     --strict  a test that is skipped for another reason than a missing GPU fails the run (CI)
#     --quick   no sanitizer build and no static build
# BUILD=folder chooses the build folder (build/). The last line says how many ran, failed and were skipped, and why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${BUILD:-$PWD/build}
strict=0 quick=0
for arg in "$@"; do
  case $arg in
    --strict) strict=1 ;;
    --quick) quick=1 ;;
    *) echo "tests/run.sh: unknown option $arg; known: --strict --quick" >&2; exit 2 ;;
  esac
done

# ---- set-up ----------------------------------------------------------------------------------------
packages=(git g++ cmake ninja-build clang-22 llvm-22 llvm-22-dev libmlir-22-dev mlir-22-tools libclang-rt-22-dev
          clang-format-22 zlib1g-dev libzstd-dev libcli11-dev libgtest-dev libpng-dev mold ccache
          python3 python3-numpy qemu-user libc6-dev-arm64-cross gcc-aarch64-linux-gnu)
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  needed=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || needed+=("$package")
  done
  if ((${#needed[@]})); then
    echo "== installing: ${needed[*]}"
    if ((EUID == 0)); then as_root=(); else as_root=(sudo); fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
  fi
fi

# ---- build -----------------------------------------------------------------------------------------
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
configure() { # folder, options…
  local folder=$1
  shift
  cmake -S . -B "$folder" -G Ninja -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DPython3_EXECUTABLE=/usr/bin/python3 -DTEXPR_TESTS=ON "$@" \
    >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 3; }
}
mkdir -p "$build"
echo "== building in $build"
configure "$build" -DCMAKE_BUILD_TYPE=Release
ninja -C "$build" | tail -n 1

# ---- tests -----------------------------------------------------------------------------------------
status=0
echo "== testing"
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure --output-junit "$build/tests.xml" || status=1
results=("$build/tests.xml")
if ((!quick)); then
  sanitized=$build-sanitized
  mkdir -p "$sanitized"
  echo "== the front end and the units again, with address and undefined-behaviour sanitizers, and a short fuzz run"
  configure "$sanitized" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DTEXPR_SANITIZE=address,undefined -DTEXPR_FUZZ=ON
  ninja -C "$sanitized" sanitized-units | tail -n 1
  ctest --test-dir "$sanitized" -j "$(nproc)" -L sanitized --output-on-failure --output-junit "$sanitized/tests.xml" || status=1
  results+=("$sanitized/tests.xml")

  static=$build-static
  mkdir -p "$static"
  echo "== the release build: texprc from archives alone"
  configure "$static" -DCMAKE_BUILD_TYPE=Release -DTEXPR_STATIC=ON
  ninja -C "$static" texprc | tail -n 1
  ctest --test-dir "$static" -R '^static-texprc$' --output-on-failure --output-junit "$static/tests.xml" || status=1
  results+=("$static/tests.xml")
fi
python3 tests/summary.py $([[ $strict == 1 ]] && echo --strict) "${results[@]}" || status=1
exit $status
