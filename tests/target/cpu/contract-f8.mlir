// A contraction of f8 operands: store-f8 turns them to bytes and keeps the formats' names, by which the kernel widens them.
// RUN: texpr-opt --cpu-store-f8 --cpu-micro-kernels=machine=x86-64-v3 %s | FileCheck %s

#c = affine_map<(i, j, k) -> (i, j)>
#a = affine_map<(i, j, k) -> (i, k)>
#b = affine_map<(i, j, k) -> (k, j)>
// CHECK-LABEL: func.func @f
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK: llvm.load {{.*}} -> vector<8xi8>
// CHECK: arith.extui {{.*}} : vector<8xi8> to vector<8xi32>
// CHECK: llvm.load {{.*}} -> i8
// CHECK: arith.extui {{.*}} : i8 to i32
// CHECK-COUNT-4: math.fma
// CHECK-NOT: arith.extf
func.func @f(%m: index, %n: index, %l: index, %aa: !par.buf<?x?xf8E4M3FN>, %ba: !par.buf<?x?xf8E5M2>) {
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %a = par.bind %aa [%m, %l] : !par.buf<?x?xf8E4M3FN>
  %b = par.bind %ba [%l, %n] : !par.buf<?x?xf8E5M2>
  %acc = par.alloc [%c2, %c16] {place = "reg"} : !par.buf<?x?xf32>
  par.contract %acc at #c += %a at #a * %b at #b (%c2, %c16, %l) [] kinds ["m", "n", "k"]
    instr {name = "fma", m = 2 : i64, n = 16 : i64} : !par.buf<?x?xf32>, !par.buf<?x?xf8E4M3FN>, !par.buf<?x?xf8E5M2>
  return
}
