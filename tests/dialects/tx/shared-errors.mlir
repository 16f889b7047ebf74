// One refused program a rule of RulesVerify.cpp, which tx and par share.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// S1
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{has a region with arguments ('i32'), expected ('index')}}
  %y = "tx.compute"(%n, %n) <{axes = ["i"], operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%i: i32):
    "tx.yield"(%z) : (f32) -> ()
  }) : (index, index) -> tensor<?xf32>
  return
}

// -----
// S2
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{has a region that yields ('f32'), expected ('f64')}}
  %y = tx.reduce add (%i) = (%n) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : f64
  return
}

// -----
// S3
func.func @f(%n: index) {
  // expected-error@+1 {{has 1 lower and 2 upper bounds}}
  par.forall (%i, %j) = (%n) to (%n, %n) axes ["i", "j"] {
  }
  return
}

// -----
// S4
func.func @f(%n: index) {
  // expected-error@+1 {{names 1 axes of 2}}
  par.forall (%i, %j) = (%n, %n) to (%n, %n) axes ["i"] {
  }
  return
}

// -----
// S5
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{is a `user` reduction without a combiner}}
  %y = "tx.reduce"(%n, %n) <{axes = ["i"], op = 7 : i32, operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%i: index):
    "tx.yield"(%z) : (f32) -> ()
  }, {}) : (index, index) -> f32
  return
}

// -----
// S6
func.func @f(%n: index) {
  // expected-error@+1 {{reduces nothing}}
  tx.reduce add (%i) = (%n) to (%n) axes ["i"] {
    tx.yield
  }
  return
}

// -----
// S7
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{cannot reduce 'f32' with `xor`}}
  %y = tx.reduce xor (%i) = (%n) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : f32
  return
}

// -----
// S8
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{is `unsigned` but does not compare integers}}
  %y = tx.reduce max unsigned (%i) = (%n) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : f32
  return
}

// -----
// S9
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{names @none, which is no tx.combiner}}
  %y = tx.reduce user @none (%i) = (%n) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : f32
  return
}

// -----
// S10
tx.combiner @c (%a: f64), (%b: f64) {
  tx.yield %a : f64
}
func.func @f(%n: index, %z: f32) {
  // expected-error@+1 {{reduces ('f32'), which are not the leaves of @c}}
  %y = par.reduce user @c (%i) = (%n) to (%n) axes ["i"] {
    par.yield %z : f32
  } : f32
  return
}
