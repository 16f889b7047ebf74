// A contraction with an instruction: accumulators are carried by the loop over k; without one: plain loops.
// RUN: texpr-opt --cpu-micro-kernels=machine=x86-64-v3 %s | FileCheck %s

#c = affine_map<(i, j, k)[s] -> (i, j)>
#a = affine_map<(i, j, k)[s] -> (i + s, k)>
#b = affine_map<(i, j, k)[s] -> (k, j)>
func.func @f(%m: index, %n: index, %l: index, %aa: !par.buf<?x?xf32>, %ba: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %a = par.bind %aa [%m, %l] : !par.buf<?x?xf32>
  %b = par.bind %ba [%l, %n] : !par.buf<?x?xf32>
  %acc = par.alloc [%c2, %c16] {place = "reg"} : !par.buf<?x?xf32>
  // All rows and columns: 2 x 2 vectors.
  // CHECK: scf.if
  // CHECK: scf.if
  // CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
  // CHECK-COUNT-4: math.fma
  // CHECK: scf.yield
  // Ragged columns: one masked vector a row.
  // CHECK: llvm.intr.masked.load
  // CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>)
  par.contract %acc at #c += %a at #a * %b at #b (%c2, %c16, %l) [%c0] kinds ["m", "n", "k"]
    instr {name = "fma", m = 2 : i64, n = 16 : i64} : !par.buf<?x?xf32>, !par.buf<?x?xf32>, !par.buf<?x?xf32>
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: math.fma {{.*}} : f32
  par.contract %acc at #c += %a at #a * %b at #b (%c2, %c16, %l) [%c0] kinds ["m", "n", "k"]
    : !par.buf<?x?xf32>, !par.buf<?x?xf32>, !par.buf<?x?xf32>
  return
}
