// A tensor that is its own source is refused, not followed for ever.
// RUN: not texpr-opt %s 2>&1 | FileCheck %s

// CHECK: yields a tensor whose extents are not known
func.func @f(%n: index) {
  %y = tx.verify %y in [%n to %n] site 0 : tensor<?xi64>
  %z = tx.kernel { tx.yield %y : tensor<?xi64> } -> tensor<?xi64>
  return
}
