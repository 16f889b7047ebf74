// One refused program a rule of ParVerify.cpp.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// P1
func.func @f(%n: index) {
  // expected-error@+1 {{gives 1 extents to a buffer of rank 2}}
  %t = par.alloc [%n] : !par.buf<?x?xf32>
  return
}

// -----
// P2
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{is not the only use of an argument of the function}}
  %x = par.bind %t [%n] : !par.buf<?xf32>
  return
}

// -----
// P3
func.func @f(%n: index) {
  // expected-error@+1 {{has 1 extents for results of 2 axes together}}
  %y = par.do ins() outs[%n] (%b : tensor<?x?xf32>) {
  }
  return
}

// -----
// P4
func.func @f(%n: index, %z: f32, %a: tensor<?xf32>) {
  %x = tx.bind %a [%n] : tensor<?xf32>
  // expected-error@+1 {{stores to an input}}
  %y = par.do ins(%x as %in : tensor<?xf32>) outs[%n] (%out : tensor<?xf32>) {
    par.store %z, %in[%n] : f32, !par.buf<?xf32>
  }
  return
}

// -----
// P5
func.func @f() {
  par.kernel {
    // expected-error@+1 {{stands inside another kernel}}
    par.kernel {
    }
  }
  return
}

// -----
// P6
func.func @f(%n: index) {
  // expected-error@+1 {{has no such level: "rank"}}
  par.forall (%i) = (%n) to (%n) axes ["i"] level "rank" {
  }
  return
}

// -----
// P7
func.func @f(%n: index, %z: f32, %a: !par.buf<?xf32>) {
  %x = par.bind %a [%n] : !par.buf<?xf32>
  // expected-error@+1 {{stores one element in several iterations}}
  par.forall (%i, %j) = (%n, %n) to (%n, %n) axes ["i", "j"] {
    // expected-note@+1 {{this store does not depend on every axis}}
    par.store %z, %x[%i] : f32, !par.buf<?xf32>
  }
  return
}

// -----
// P8
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{carries ('f32') and results in ('f64')}}
  %y = "par.seq"(%n, %n, %z) <{axis = "k"}> ({
  ^bb0(%t: index, %u: f32):
    "par.yield"(%u) : (f32) -> ()
  }, {
  }) : (index, index, f32) -> f64
  return
}

// -----
// P9
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{carries a buffer}}
  %y = par.seq (%k) = %n to %n axis "k" with (%b = %t : !par.buf<?xf32>) {
    par.yield %b : !par.buf<?xf32>
  }
  return
}

// -----
// P10
func.func @f(%n: index, %a: tensor<?xf32>) {
  // expected-error@+1 {{reduces 'tensor<?xf32>', which is no scalar}}
  %y = par.reduce add (%i) = (%n) to (%n) axes ["i"] {
    par.yield %a : tensor<?xf32>
  } : tensor<?xf32>
  return
}

// -----
// P11
func.func @f(%n: index) {
  // expected-error@+1 {{has no such place: "heap"}}
  %t = par.alloc [%n] {place = "heap"} : !par.buf<?xf32>
  return
}

// -----
// P12
func.func @f(%n: index) {
  %c32 = arith.constant 32 : index
  // expected-error@+1 {{begins at 32, no multiple of 64}}
  %t = par.slot at %c32 [%n] : !par.buf<?xf32>
  return
}

// -----
// P13
func.func @f(%n: index, %z: f32) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has 0 indices for rank 1}}
  par.store %z, %t[] : f32, !par.buf<?xf32>
  return
}

// -----
// P14
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{loads 'f64' from '!par.buf<?xf32>'}}
  %v = par.load %t[%n] : !par.buf<?xf32> -> f64
  return
}

// -----
// P15
func.func @f(%n: index, %c: i1) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has a mask without the other value, or that without a mask}}
  %v = "par.load"(%t, %n, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> : (!par.buf<?xf32>, index, i1) -> f32
  return
}

// -----
// P16
func.func @f(%n: index, %c: i1, %z: f64) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has 'f64' as its other value}}
  %v = par.load %t[%n] mask %c other %z : f64 : !par.buf<?xf32> -> f32
  return
}

// -----
// P17
func.func @f(%n: index, %z: f64) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{stores 'f64' to '!par.buf<?xf32>'}}
  par.store %z, %t[%n] : f64, !par.buf<?xf32>
  return
}

// -----
// P18
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has a map of 2 dims and 0 symbols}}
  par.contract %t at affine_map<(d0, d1) -> (d0)> += %t at affine_map<(d0, d1) -> (d0)> * %t at affine_map<(d0, d1) -> (d1)>
    (%n) [] kinds ["m"] : !par.buf<?xf32>, !par.buf<?xf32>, !par.buf<?xf32>
  return
}

// -----
// P19
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has a map of 2 results for rank 1}}
  par.contract %t at affine_map<(d0) -> (d0)> += %t at affine_map<(d0) -> (d0, d0)> * %t at affine_map<(d0) -> (d0)>
    (%n) [] kinds ["batch"] : !par.buf<?xf32>, !par.buf<?xf32>, !par.buf<?xf32>
  return
}

// -----
// P20
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has 2 kinds for 1 axes}}
  par.contract %t at affine_map<(d0) -> (d0)> += %t at affine_map<(d0) -> (d0)> * %t at affine_map<(d0) -> (d0)>
    (%n) [] kinds ["batch", "m"] : !par.buf<?xf32>, !par.buf<?xf32>, !par.buf<?xf32>
  return
}

// -----
// P21
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{does not use axis 0 as "k"}}
  par.contract %t at affine_map<(d0) -> (d0)> += %t at affine_map<(d0) -> (d0)> * %t at affine_map<(d0) -> (d0)>
    (%n) [] kinds ["k"] : !par.buf<?xf32>, !par.buf<?xf32>, !par.buf<?xf32>
  return
}

// -----
// P22
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{may add to one element of C from several values of axis 0}}
  par.contract %t at affine_map<(d0, d1) -> (d0 + d1)> += %t at affine_map<(d0, d1) -> (d0)> * %t at affine_map<(d0, d1) -> (d1)>
    (%n, %n) [] kinds ["m", "n"] : !par.buf<?xf32>, !par.buf<?xf32>, !par.buf<?xf32>
  return
}

// -----
// P23
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  %d = par.alloc [%n] : !par.buf<?xf64>
  // expected-error@+1 {{cannot widen 'f64' to 'f32'}}
  par.contract %t at affine_map<(d0) -> (d0)> += %d at affine_map<(d0) -> (d0)> * %t at affine_map<(d0) -> (d0)>
    (%n) [] kinds ["batch"] : !par.buf<?xf32>, !par.buf<?xf64>, !par.buf<?xf32>
  return
}

// -----
// P24
func.func @f(%n: index) {
  %t = par.alloc [%n] : !par.buf<?xf32>
  // expected-error@+1 {{has 0 indices for rank 1}}
  %o = par.atomic %t[] (%v: f32) {
    par.yield %v : f32
  } : !par.buf<?xf32>
  return
}

// -----
// P25
func.func @f(%v: f32) {
  // expected-error@+1 {{is no operation `shuffle` of 1 operands}}
  %o = par.lane "shuffle" %v : f32 -> f32
  return
}
