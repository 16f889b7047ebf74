#!/usr/bin/env python3
"""What every generated object promises, whatever it computes (docs/abi.md): looked at from outside.

usage: check_object.py --texprc PATH

Undefined symbols, constructors, exported names; two objects in one program; the same bytes from another folder; the ctypes
example; a shared object opened and closed again and again, used from 64 threads, after fork(), with closed descriptors and
under a foreign rounding mode; what a call refuses; that a call with its workspace allocates nothing; aarch64 under qemu-user.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
LIBC = set("""aligned_alloc clock_gettime dladdr dlopen free malloc memcpy memset memmove bcmp memcmp pthread_atfork
    pthread_attr_destroy pthread_attr_init pthread_attr_setdetachstate pthread_attr_setstacksize pthread_create
    pthread_sigmask sched_getaffinity sigfillset syscall _GLOBAL_OFFSET_TABLE_""".split())
LIBM = set("exp exp2 expm1 log log2 log1p sin cos tan atan2 tanh erf erfc pow fmod ldexp frexp".split())

STRESS = r"""
#define _GNU_SOURCE
#include "softmax.h"
#include <dlfcn.h>
#include <fenv.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
enum { M = 300, N = 200 };
typedef tx_status (*Entry)(int64_t, int64_t, const float *, float *, const tx_call *);
static Entry entry;
static float x[M * N], want[M * N];

static int wrong(void) {
  float *y = malloc(sizeof want);
  int bad = entry(M, N, x, y, NULL) != TX_OK || memcmp(y, want, sizeof want);
  free(y);
  return bad;
}
static void *thread(void *unused) {
  (void)unused;
  long bad = 0;
  for (int i = 0; i < 20; ++i)
    bad += wrong();
  return (void *)bad;
}
#define CHECK(what) do { if (!(what)) { fprintf(stderr, "failed: %s\n", #what); return 1; } } while (0)

int main(int argc, char **argv) {
  (void)argc;
  for (int i = 0; i < M * N; ++i)
    x[i] = (float)(i * 37 % 101) / 8;
  for (int round = 0; round < 50; ++round) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(library);
    *(void **)&entry = dlsym(library, "softmax");
    CHECK(entry);
    if (!round)
      CHECK(entry(M, N, x, want, NULL) == TX_OK);
    CHECK(!wrong());
    dlclose(library);
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  *(void **)&entry = dlsym(library, "softmax");
  pthread_t threads[64];
  for (int i = 0; i < 64; ++i)
    CHECK(!pthread_create(threads + i, NULL, thread, NULL));
  for (int i = 0; i < 64; ++i) {
    void *bad;
    pthread_join(threads[i], &bad);
    CHECK(!bad);
  }
  for (int i = 0; i < 10; ++i) {
    pid_t child = fork();
    if (!child)
      _exit(wrong());
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  fesetround(FE_UPWARD);
  feenableexcept(FE_ALL_EXCEPT & ~FE_INEXACT);
  CHECK(!wrong());
  CHECK(fegetround() == FE_UPWARD);
  fesetround(FE_TONEAREST);

  /* what a call refuses, outputs untouched */
  static float y[M * N], zero[M * N];
  tx_call call = {sizeof(tx_call), TEXPR_ABI_1, TX_CPU, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0};
  CHECK(entry(-1, N, x, y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(M, INT64_MIN, x, y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(INT64_C(1) << 40, INT64_C(1) << 40, x, y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(INT64_MAX, 1, x, y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(M, N, NULL, y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(M, N, x, NULL, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(M, N, (const float *)((const char *)x + 1), y, NULL) == TX_ERR_ARGUMENT);
  CHECK(entry(0, N, NULL, NULL, NULL) == TX_OK);
  CHECK(entry(M, 0, NULL, NULL, NULL) == TX_OK);
  call.size = 8;
  CHECK(entry(M, N, x, y, &call) == TX_ERR_ARGUMENT);
  call.size = sizeof call;
  call.abi = 77;
  CHECK(entry(M, N, x, y, &call) == TX_ERR_ARGUMENT);
  call.abi = TEXPR_ABI_1;
  call.device = TX_CUDA;
  CHECK(entry(M, N, x, y, &call) == TX_ERR_NO_VARIANT);
  CHECK(!memcmp(y, zero, sizeof y));
  for (int fd = 0; fd < 2; ++fd)
    close(fd);
  return wrong();
}
"""

TWO = r"""
#include "softmax.h"
#include "saxpy.h"
int main(void) {
  float x[4] = {1, 2, 3, 4}, y[4];
  return softmax(1, 4, x, y, NULL) || saxpy(4, 2, x, x, y, NULL) || y[3] != 12;
}
"""

QUIET = r"""
#include "edges.h"
#include <stdlib.h>
#include <string.h>
static int watched, seen;
void *__real_malloc(size_t n);
void *__real_aligned_alloc(size_t a, size_t n);
void *__wrap_malloc(size_t n) { seen += watched; return __real_malloc(n); }
void *__wrap_aligned_alloc(size_t a, size_t n) { seen += watched; return __real_aligned_alloc(a, n); }
int main(void) {
  enum { H = 300, W = 200 };
  static unsigned char rgb[H * W * 3], edge[H * W];
  tx_call call;
  memset(&call, 0, sizeof call);
  call.size = sizeof call;
  call.abi = TEXPR_ABI_1;
  call.device = TX_CPU;
  if (edges_workspace(H, W, &call, &call.workspace_bytes))
    return 2;
  call.workspace = aligned_alloc(64, (call.workspace_bytes + 127) / 64 * 64);
  if (edges(H, W, rgb, 60, edge, &call)) /* first use starts the pool */
    return 3;
  watched = 1;
  if (edges(H, W, rgb, 60, edge, &call))
    return 4;
  watched = 0;
  if (call.workspace_bytes) {
    call.workspace_bytes -= 1;
    if (edges(H, W, rgb, 60, edge, &call) != TX_ERR_WORKSPACE)
      return 5;
    call.workspace_bytes += 1;
    call.workspace = (char *)call.workspace + 8;
    if (edges(H, W, rgb, 60, edge, &call) != TX_ERR_WORKSPACE)
      return 6;
  }
  return seen ? 7 : 0;
}
"""


class Failed(Exception):
    pass


def shell(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, **options)
    if done.returncode:
        raise Failed(f"{' '.join(pathlib.Path(str(c)).name for c in command[:3])}: exit {done.returncode}: {(done.stderr + done.stdout)[:500]}")
    return done.stdout


class Objects:
    def __init__(self, texprc, folder):
        self.texprc, self.folder = texprc, folder

    def compile(self, name, *options, suffix=".o", folder=None):
        out = (folder or self.folder) / f"{name}{suffix}"
        shell(self.texprc, root / "examples" / name / f"{name}.tx", "-o", out, *options)
        return out

    def program(self, name, text, *options):
        source = self.folder / f"{name}.c"
        source.write_text(text)
        shell("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{self.folder}", source, *options, "-o", self.folder / name)
        return self.folder / name

    def symbols(self):
        """Undefined names are libc's or libm's; defined ones are the entries and the runtime's; no constructors."""
        for name in ("softmax", "edges", "embedding", "black_scholes", "cholesky"):
            path = self.compile(name)
            runtime = set()
            for line in shell("nm", path).splitlines():
                kind, symbol = line.split()[-2:]
                if kind in "Uw" and symbol not in LIBC | LIBM | {m + "f" for m in LIBM}:
                    raise Failed(f"{name}.o needs {symbol}")
                if kind in "VW":
                    runtime.add(re.match(r"tx_rt_[0-9a-f]{12}_|.*", symbol)[0])
                if kind in "TDBRC" and symbol not in (name, name + "_workspace"):
                    raise Failed(f"{name}.o exports {symbol}")
            if len(runtime) > 1:
                raise Failed(f"weak symbols {runtime}")
            sections = shell("readelf", "-SW", path)
            for section in (".init_array", ".fini_array", ".ctors", ".tbss", ".tdata"):
                if section in sections:
                    raise Failed(f"{name}.o has {section}")
            if "GNU_STACK" not in sections and ".note.GNU-stack" not in sections:
                raise Failed(f"{name}.o asks for an executable stack")

    def link_two(self):
        objects = [self.compile("softmax"), self.compile("saxpy")]
        shell(self.program("two", TWO, *objects, "-lm"))
        shared = [line for line in shell("nm", self.folder / "two").splitlines() if line.endswith("_pool")]
        if len(shared) > 1:
            raise Failed(f"the program has {len(shared)} pools")

    def reproducible(self):
        other = self.folder / "another folder"
        other.mkdir()
        for suffix, options in ((".o", []), (".so", ["--emit=so"])):
            one = self.compile("softmax", *options, suffix=suffix)
            two = self.compile("softmax", *options, suffix=suffix, folder=other)
            if one.read_bytes() != two.read_bytes():
                raise Failed(f"softmax{suffix}: other bytes from another folder")
            if one.with_suffix(".h").read_bytes() != two.with_suffix(".h").read_bytes():
                raise Failed("softmax.h: other bytes from another folder")

    def ctypes_example(self):
        library = self.compile("softmax", "--emit=so", suffix=".so")
        printed = shell(sys.executable, root / "examples" / "ctypes" / "softmax.py", library)
        if printed != "0.0900 0.2447 0.6652\n0.0000 1.0000 0.0000\n":
            raise Failed(f"ctypes/softmax.py prints {printed!r}")

    def stress(self):
        library = self.compile("softmax", "--emit=so", suffix=".so")
        program = self.program("stress", STRESS, "-ldl", "-lpthread", "-lm")
        shell(program, library)
        shell(program, library, env={"LC_ALL": "tr_TR.UTF-8"})

    def quiet(self):
        shell(self.program("quiet", QUIET, self.compile("edges"), "-Wl,--wrap=malloc,--wrap=aligned_alloc", "-lm"))

    def aarch64(self):
        linker, root_folder = shutil.which("ld.lld-22") or shutil.which("ld.lld"), pathlib.Path("/usr/aarch64-linux-gnu")
        if not shutil.which("qemu-aarch64") or not linker or not root_folder.exists():
            print("SKIPPED aarch64: needs qemu-user, lld-22 and libc6-dev-arm64-cross")
            return
        for name in ("saxpy", "softmax", "argmax", "embedding", "heat", "cholesky"):
            path = self.compile(name, "--target", "aarch64")
            program = self.folder / f"{name}-aarch64"
            shell("clang-22", "--target=aarch64-linux-gnu", f"-fuse-ld={linker}", f"-I{self.folder}",
                  root / "examples" / name / "main.c", path, "-lm", "-o", program)
            shell("qemu-aarch64", "-L", root_folder, program)

    def old_cpu(self):
        """The v2 code on a Nehalem; a v3-only object refuses there."""
        if not shutil.which("qemu-x86_64"):
            print("SKIPPED old_cpu: needs qemu-user")
            return
        main = (root / "examples" / "saxpy" / "main.c").read_text()
        shell("qemu-x86_64", "-cpu", "Nehalem", self.program("v2", main, self.compile("saxpy"), "-lm"))
        shell("qemu-x86_64", "-cpu", "Haswell", self.folder / "v2")
        only = self.program("v3", main.replace("return 1", "return 42").replace("!= TX_OK", "== TX_ERR_NO_VARIANT"),
                            self.compile("saxpy", "--target", "x86-64-v3"), "-lm")
        done = subprocess.run(["qemu-x86_64", "-cpu", "Nehalem", str(only)], capture_output=True)
        if done.returncode != 42:
            raise Failed(f"a v3 object on a Nehalem: exit {done.returncode}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--only", nargs="*", default=["symbols", "link_two", "reproducible", "ctypes_example", "stress", "quiet",
                                                      "aarch64", "old_cpu"])
    options = parser.parse_args()
    passed = failed = 0
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            try:
                getattr(Objects(options.texprc, pathlib.Path(folder)), name)()
                passed += 1
            except (Failed, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED {name}: {error}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
