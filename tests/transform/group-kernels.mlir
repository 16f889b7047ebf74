// RUN: texpr-opt --group-kernels %s | FileCheck %s

// Dim arithmetic stays; a form is a kernel; a loop around a form stays, with the kernel in it; a scalar that needs memory is a kernel.
// CHECK-LABEL: func.func @f
// CHECK: arith.addi
// CHECK: %[[K:.*]] = tx.kernel
// CHECK: tx.compute
// CHECK: %[[L:.*]] = tx.for
// CHECK: tx.kernel
// CHECK: tx.compute
// CHECK: %[[S:.*]] = tx.kernel
// CHECK: tx.reduce
// CHECK: } -> f32
// CHECK: return %[[L]], %[[S]]
func.func @f(%n: index, %t: index, %xa: tensor<?xf32>) -> (tensor<?xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n1 = arith.addi %n, %c1 : index
  %x = tx.bind %xa[%n1] : tensor<?xf32>
  %a = tx.compute (%i) = (%c0) to (%n1) axes ["i"] {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %l = tx.for (%s) = %c0 to %t with (%u = %a : tensor<?xf32>) {
    %b = tx.compute (%i) = (%c0) to (%n1) axes ["i"] {
      %v = tx.read %u[%i] : tensor<?xf32>
      tx.yield %v : f32
    } : tensor<?xf32>
    tx.yield %b : tensor<?xf32>
  }
  %r = tx.reduce add (%i) = (%c0) to (%n1) axes ["i"] {
    %v = tx.read %l[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : f32
  return %l, %r : tensor<?xf32>, f32
}

// Each result is memory of its own: an argument, and a value that is returned twice, are copied.
// CHECK-LABEL: func.func @copies
// CHECK-COUNT-3: tx.kernel
// CHECK-NOT: tx.kernel
// CHECK: return
func.func @copies(%n: index, %f: f32, %xa: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa[%n] : tensor<?xf32>
  %a = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %f : f32
  } : tensor<?xf32>
  return %x, %a, %a : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
