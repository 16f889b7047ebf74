// RUN: texpr-opt --lower-to-par %s | FileCheck %s

// A scan that is a kernel: totals of chunks, what lies before each, the chain from there on. Of a reverse one step t is index n - 1 - t.
// CHECK-LABEL: func.func @alone(
// CHECK: %[[N:.*]] = par.bind
// CHECK: par.kernel
// CHECK: %[[TOTALS:.*]] = par.alloc[%{{.*}}] : !par.buf<?xf32>
// CHECK: par.forall (%[[C:.*]]) = {{.*}} axes ["chunk"] attributes {plan.grain = 1
// CHECK: par.seq
// CHECK: par.store %{{.*}}, %[[TOTALS]][%[[C]]]
// CHECK: par.seq {{.*}} axis "chunk"
// CHECK: par.forall {{.*}} axes ["chunk"]
// CHECK: %[[SO:.*]] = par.load %[[TOTALS]]
// CHECK: par.seq (%[[T:.*]]) = {{.*}} with (%[[WAS:.*]] = %[[SO]] : f32)
// CHECK: %[[LAST:.*]] = arith.subi
// CHECK: %[[I:.*]] = arith.subi %[[LAST]], %[[T]]
// CHECK: %[[X:.*]] = par.load %{{.*}}[%[[I]]]
// CHECK: %[[ON:.*]] = arith.addf %[[X]], %[[WAS]]
// CHECK: par.store %[[WAS]], %{{.*}}[%[[I]]]
// CHECK: par.yield %[[ON]]
func.func @alone(%n: index {tx.dim = "n"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.kernel {
    %s = tx.scan add (%i) = (%c0) to (%n) axes ["i"] attributes {exclusive, reverse, plan.algo = {name = "chunks", least = 16384 : i64, tasks = 64 : i64}} {
      %v = tx.read %x[%i] : tensor<?xf32>
      tx.yield %v : f32
    } : tensor<?xf32>
    tx.yield %s : tensor<?xf32>
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Inside a form it is one chain, and the outer axis stays parallel.
// CHECK-LABEL: func.func @inside(
// CHECK: par.forall (%[[R:.*]]) = {{.*}} axes ["r"]
// CHECK: par.seq (%[[I:[a-z0-9]*]]) =
// CHECK-NOT: par.forall
// CHECK: par.store %{{.*}}, %{{.*}}[%[[R]], %[[I]]]
func.func @inside(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32> {tx.name = "x"}) -> (tensor<?x?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  %y = tx.kernel {
    %t = tx.compute (%r) = (%c0) to (%m) axes ["r"] {
      %s = tx.scan max (%i) = (%c0) to (%n) axes ["i"] {
        %v = tx.read %x[%r, %i] : tensor<?x?xf32>
        tx.yield %v : f32
      } : tensor<?xf32>
      tx.yield %s : tensor<?xf32>
    } : tensor<?x?xf32>
    tx.yield %t : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// The columns of a scan of rows are chains of scalars beside each other; without a plan its rows are combined in order.
// CHECK-LABEL: func.func @columns(
// CHECK: par.forall (%[[J:.*]]) = {{.*}} axes ["e0"]
// CHECK: par.seq (%[[T:[a-z0-9]*]]) = {{.*}} with (%[[WAS:.*]] = %{{.*}} : f32)
// CHECK: %[[X:.*]] = par.load %{{.*}}[%[[T]], %[[J]]]
// CHECK: %[[ON:.*]] = arith.addf %[[WAS]], %[[X]]
// CHECK: par.store %[[ON]], %{{.*}}[%[[T]], %[[J]]]
// CHECK: par.yield %[[ON]]
// CHECK: par.alloc
// CHECK: par.seq
// CHECK: par.forall
func.func @columns(%n: index {tx.dim = "n"}, %d: index {tx.dim = "d"}, %xa: tensor<?x?xf32> {tx.name = "x"}) -> (tensor<?x?xf32> {tx.name = "y"}, tensor<?x?xf32> {tx.name = "z"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n, %d] : tensor<?x?xf32>
  %y = tx.kernel {
    %s = tx.scan add (%i) = (%c0) to (%n) axes ["i"] attributes {plan.algo = {name = "columns"}} {
      %r = tx.compute (%j) = (%c0) to (%d) axes ["j"] {
        %v = tx.read %x[%i, %j] : tensor<?x?xf32>
        tx.yield %v : f32
      } : tensor<?xf32>
      tx.yield %r : tensor<?xf32>
    } : tensor<?x?xf32>
    tx.yield %s : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  %z = tx.kernel {
    %s = tx.scan add (%i) = (%c0) to (%n) axes ["i"] {
      %r = tx.compute (%j) = (%c0) to (%d) axes ["j"] {
        %v = tx.read %x[%i, %j] : tensor<?x?xf32>
        tx.yield %v : f32
      } : tensor<?xf32>
      tx.yield %r : tensor<?xf32>
    } : tensor<?x?xf32>
    tx.yield %s : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  return %y, %z : tensor<?x?xf32>, tensor<?x?xf32>
}

// The result of a filter has room for its bound; the length leaves through memory, and a later form is over it.
// CHECK-LABEL: func.func @keep(
// CHECK-SAME: %[[N:[a-z0-9]*]]: index
// CHECK-SAME: %[[UA:[a-z0-9]*]]: !par.buf<?xf32> {tx.name = "u", tx.out}
// CHECK: %[[K:.*]] = par.bind %{{.*}}[] : !par.buf<i64>
// CHECK: %[[U:.*]] = par.bind %[[UA]][%[[N]]]
// CHECK: par.kernel
// CHECK: par.forall {{.*}} axes ["chunk"]
// CHECK: par.forall {{.*}} axes ["chunk"]
// CHECK: par.seq {{.*}} with (%[[AT:.*]] = %{{.*}} : index)
// CHECK: scf.if
// CHECK: par.store %{{.*}}, %[[U]][%[[AT]]]
// CHECK: par.load %[[K]][]
// CHECK: %[[LESS:.*]] = arith.minsi %{{.*}}, %[[N]]
// CHECK: %[[LENGTH:.*]] = arith.maxsi %[[LESS]]
// CHECK: par.bind %{{.*}}[%[[LENGTH]]]
// CHECK: par.forall {{.*}} to (%[[LENGTH]])
func.func @keep(%n: index {tx.dim = "n"}, %xa: tensor<?xf32> {tx.name = "x"})
    -> (tensor<?xf32> {tx.name = "u"}, tensor<?xf32> {tx.name = "v"}, index {tx.name = "k", tx.found}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %k, %u = tx.kernel {
    %c, %t = tx.filter (%i) = (%c0) to (%n) axes ["i"] attributes {plan.algo = {name = "chunks", least = 16384 : i64, tasks = 64 : i64}} where (%j) {
      %v = tx.read %x[%j] : tensor<?xf32>
      %ok = arith.cmpf ogt, %v, %zero : f32
      tx.yield %ok : i1
    } {
      %v = tx.read %x[%i] : tensor<?xf32>
      tx.yield %v : f32
    } : index, tensor<?xf32>
    tx.yield %c, %t : index, tensor<?xf32>
  } -> (index, tensor<?xf32>)
  %w = tx.kernel {
    %t = tx.compute (%i) = (%c0) to (%k) axes ["i"] {
      %a = tx.read %u[%i] : tensor<?xf32>
      %b = arith.addf %a, %a : f32
      tx.yield %b : f32
    } : tensor<?xf32>
    tx.yield %t : tensor<?xf32>
  } -> tensor<?xf32>
  return %u, %w, %k : tensor<?xf32>, tensor<?xf32>, index
}
