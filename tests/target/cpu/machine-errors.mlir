// A machine that the table does not have.
// RUN: not texpr-opt --cpu-vectorize=machine=z80 %s 2>&1 | FileCheck %s
// CHECK: error: no machine is named 'z80'
func.func @f() {
  return
}
