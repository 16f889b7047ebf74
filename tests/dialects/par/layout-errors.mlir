// One refused layout a rule of LayoutVerify.cpp.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// L1
func.func @f(%n: index) {
  // expected-error@+1 {{the size 6 of a layout's axis is no power of two}}
  par.forall (%j) = (%n) to (%n) axes ["j"] attributes {par.layout = #par.layout<[j:6] lane=[1, 2, 4]>} {}
  return
}


// -----
// L2
func.func @f(%n: index) {
  // expected-error@+1 {{a layout has at most 62 bits}}
  par.forall (%j) = (%n) to (%n) axes ["j"] attributes {par.layout = #par.layout<[j:4611686018427387904, k:2] lane=[]>} {}
  return
}


// -----
// L3
func.func @f(%n: index) {
  // expected-error@+1 {{the basis vector 8 leaves an axis of 8}}
  par.forall (%j) = (%n) to (%n) axes ["j"] attributes {par.layout = #par.layout<[j:8] lane=[1, 2, 4, 8]>} {}
  return
}


// -----
// L4
func.func @f(%n: index) {
  // expected-error@+1 {{the unit "lane" stands twice in a layout}}
  par.forall (%j) = (%n) to (%n) axes ["j"] attributes {par.layout = #par.layout<[j:8] lane=[1, 2] lane=[4]>} {}
  return
}


// -----
// L5
func.func @f(%n: index) {
  // expected-error@+1 {{a layout does not reach every element of its tile}}
  par.forall (%j) = (%n) to (%n) axes ["j"] attributes {par.layout = #par.layout<[j:8] lane=[1, 2, 3]>} {}
  return
}


// -----
// L6
func.func @f(%n: index) {
  // expected-error@+1 {{`par.layout` is no layout}}
  %t = par.alloc [%n] {par.layout = "rows"} : !par.buf<?xf32>
  return
}


// -----
// L7
// expected-error@+1 {{belongs on par.forall, par.reduce and par.alloc}}
par.kernel attributes {par.layout = #par.layout<[j:8] lane=[1, 2, 4]>} {
}


// -----
// L8
func.func @f(%n: index) {
  // expected-error@+1 {{has a layout of 1 axes for 2}}
  %t = par.alloc [%n, %n] {par.layout = #par.layout<[j:8] lane=[1, 2, 4]>} : !par.buf<?x?xf32>
  return
}


// -----
// L9
func.func @f() {
  %c16 = arith.constant 16 : index
  // expected-error@+1 {{has a layout of size 8 for the extent 16}}
  %t = par.alloc [%c16] {par.layout = #par.layout<[j:8] lane=[1, 2, 4]>} : !par.buf<?xf32>
  return
}
