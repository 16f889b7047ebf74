// RUN: texpr-opt --specialize --verify-diagnostics %s

// expected-error @+1 {{specializes no dim of its own}}
func.func @none(%m: index {tx.dim = "m"}) attributes {tx.export, tx.specialize = {dim = "k", values = array<i64: 8>}} {
  return
}
