#!/usr/bin/env bash
# From a fresh checkout on Debian 12 to a picture: installs what is missing, builds texprc, compiles edges.tx to an object
# and a header, links them into a C program with the system's cc, and runs it on a photograph.
# Safe to run again: what is there already is kept. BUILD=folder chooses the build folder (build/).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-$root/build}

packages=(g++ cmake ninja-build clang-22 llvm-22 llvm-22-dev libmlir-22-dev mlir-22-tools zlib1g-dev libzstd-dev
          libcli11-dev libpng-dev python3 mold ccache)

missing() {
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  mapfile -t needed < <(missing)
  if ((${#needed[@]})); then
    echo "== installing: ${needed[*]}"
    if ((EUID == 0)); then as_root=(); else as_root=(sudo); fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}" \
      >/dev/null
  fi
else
  for tool in cmake ninja clang-22 llvm-link-22 cc; do
    if ! command -v "$tool" >/dev/null; then
      echo "quickstart: $tool not found, and there is no apt here to install it. On this system's terms you need:" >&2
      echo "  a C++20 compiler, cmake 3.20, ninja, clang 22 and the LLVM and MLIR 22 development packages, zlib," >&2
      echo "  zstd, CLI11, libpng and Python 3 (Debian: ${packages[*]})" >&2
      exit 3
    fi
  done
fi

echo "== building texprc in $build"
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
if [[ ! -f $build/build.ninja ]]; then
  options=(-DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 -DTEXPR_TESTS=OFF)
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  mkdir -p "$build"
  if ! cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "${options[@]}" >"$build/configure.log" 2>&1; then
    cat "$build/configure.log" >&2
    exit 3
  fi
fi
ninja -C "$build" texprc

out=$build/quickstart
mkdir -p "$out"
echo "== texprc edges.tx -o edges.o"
"$build/bin/texprc" "$root/examples/edges/edges.tx" -o "$out/edges.o"
echo "== cc main.c plain.c edges.o"
cc -O3 -march=native -fno-math-errno -ffp-contract=off -I"$out" "$root/examples/edges/main.c" \
  "$root/examples/edges/plain.c" "$out/edges.o" -lpng -lm -o "$out/edges"
echo "== running on examples/data/camera.png"
"$out/edges" "$root/examples/data/camera.png" "$out/edges.png"
