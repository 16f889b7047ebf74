// The forms whose iterations depend on each other or on data: what is printed is read again and printed the same, in the readable and in the generic form.
// RUN: texpr-opt %s | texpr-opt | FileCheck %s
// RUN: texpr-opt %s --mlir-print-op-generic | texpr-opt | FileCheck %s

// CHECK-LABEL: func.func @iterate
func.func @iterate(%n: index, %v: f32, %c: i1) -> (f32, f32) {
  %c0 = arith.constant 0 : index
  // CHECK: tx.for (%{{.*}}) = %{{.*}} to %{{.*}} with (%{{.*}} = %{{.*}} : f32) {
  // CHECK: } : f32, tensor<?xf32>
  %x, %s = tx.for (%t) = %c0 to %n with (%w = %v : f32) {
    tx.yield %w, %w : f32, f32
  } : f32, tensor<?xf32>
  // CHECK: attributes {site = 3 : i64} while (%{{.*}}, %{{.*}}) {
  // CHECK: } : f32, tensor<?xf32>, index
  %y, %h, %steps = tx.for (%t) = %c0 to %n with (%w = %v : f32) attributes {site = 3 : i64} while (%k, %u) {
    tx.yield %c : i1
  } {
    tx.yield %w, %w : f32, f32
  } : f32, tensor<?xf32>, index
  return %x, %y : f32, f32
}

// CHECK-LABEL: func.func @forms
func.func @forms(%n: index, %m: index, %a: tensor<?xf32>, %v: f32, %c: i1) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %a [%n] : tensor<?xf32>
  // CHECK: tx.scan add (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["i"] attributes {exclusive, reverse} {
  %y = tx.scan add (%i) = (%c0) to (%n) axes ["i"] attributes {exclusive, reverse} {
    tx.yield %v : f32
  } : tensor<?xf32>
  // CHECK: tx.scatter [%{{.*}}] from (%{{.*}} : tensor<?xf32>) by max over (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["i"] attributes {skip} where (%{{.*}}) {
  %z = tx.scatter [%n] from (%x : tensor<?xf32>) by max over (%i) = (%c0) to (%m) axes ["i"] attributes {skip} where (%j) {
    tx.yield %c : i1
  } {
    tx.yield %i, %v : index, f32
  } : tensor<?xf32>
  // CHECK: tx.scatter [%{{.*}}] over (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["i"] attributes {site = 1 : i64} {
  %d = tx.scatter [%n] over (%i) = (%c0) to (%m) axes ["i"] attributes {site = 1 : i64} {
    tx.yield %i, %v : index, f32
  } : tensor<?xf32>
  // CHECK: tx.filter (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["i"] where (%{{.*}}) {
  // CHECK: } : index, tensor<?xf32>
  %k, %u = tx.filter (%i) = (%c0) to (%n) axes ["i"] where (%j) {
    tx.yield %c : i1
  } {
    tx.yield %v : f32
  } : index, tensor<?xf32>
  // CHECK: tx.sort (%{{.*}}) = %{{.*}} to %{{.*}} top %{{.*}} axis "i" attributes {descending = array<i1: true>} {
  %p = tx.sort (%i) = %c0 to %n top %m axis "i" attributes {descending = array<i1: true>} {
    %e = tx.read %x[%i] : tensor<?xf32>
    tx.yield %e : f32
  } : tensor<?xi64>
  // CHECK: tx.check (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["i"] site 4 {
  tx.check (%i) = (%c0) to (%n) axes ["i"] site 4 {
    tx.yield %c : i1
  }
  return
}
