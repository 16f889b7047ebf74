// One refused attribute a rule of PlanVerify.cpp.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// D1
// expected-error@+1 {{no decision is called `plan.stroe`}}
tx.kernel attributes {plan.stroe = "inline"} {
  tx.yield
}

// -----
// D2
// expected-error@+1 {{`plan.store` is "inline", "tile" or "memory"}}
tx.kernel attributes {plan.store = "heap"} {
  tx.yield
}
