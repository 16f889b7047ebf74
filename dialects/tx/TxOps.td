// tx: what a program says, as values. See README.md for the rationale and the rules that hold at each stage.
#ifndef TEXPR_TX_OPS
#define TEXPR_TX_OPS
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Tx_Dialect : Dialect {
  let name = "tx";
  let cppNamespace = "::texpr::tx";
  let summary = "Tensor expressions as values";
  let description = [{
    Index-lambda operations over builtin tensors whose extents are SSA values. A tensor type carries rank and element only
    (every extent is `?`); one dim name is one `index` value, so equality of dims is identity. The language's scalar `i64`
    is `index` wherever it is a scalar value; tensors of `i64` have element type `i64` and are cast on reading and yielding.
    `bool` is `i1`; integers are signless, and the operation says which sign it means.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::texpr::plan::PlanDialect"];
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
}

def Tx_HasExtents : OpInterface<"HasExtents"> {
  let cppNamespace = "::texpr::tx";
  let description = "What makes tensors: knows the extents of its results. Ask through Extents.h.";
  let methods = [InterfaceMethod<"The extents of one result, nothing where they are not known (an invalid program)",
      "::texpr::tx::Extents", "getKnownExtents", (ins "unsigned":$result)>];
}

class Tx_Op<string mnemonic, list<Trait> traits = []> : Op<Tx_Dialect, mnemonic, traits>;

def Tx_HasDomain : OpInterface<"HasDomain"> {
  let cppNamespace = "::texpr::tx";
  let description = "What iterates: knows the bounds of its regions' arguments. Asked by FactsAt.";
  let methods = [InterfaceMethod<"lower <= arg < upper for every axis, as the arguments of `region`",
      "::llvm::SmallVector<::texpr::tx::AxisRange>", "getAxisRanges", (ins "::mlir::Region &":$region)>];
}

def Tx_Tensor : Type<And<[AnyRankedTensor.predicate,
    CPred<"::llvm::all_of(::llvm::cast<::mlir::RankedTensorType>($_self).getShape(), ::mlir::ShapedType::isDynamic)">]>,
    "tensor whose extents are all `?`">;

def Tx_Combine : I32EnumAttr<"Combine", "a combining operator; `user` names a tx.combiner. `and`, `or`, `xor` are C++ words: `and_op` … in C++", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"mul", 1>, I32EnumAttrCase<"min", 2>, I32EnumAttrCase<"max", 3>,
    I32EnumAttrCase<"and_op", 4, "and">, I32EnumAttrCase<"or_op", 5, "or">, I32EnumAttrCase<"xor_op", 6, "xor">,
    I32EnumAttrCase<"user", 7>]> {
  let cppNamespace = "::texpr::tx";
}

def Tx_ScalarKind : I32EnumAttr<"ScalarKind", "a total form of a partial arith operation", [
    I32EnumAttrCase<"floordiv", 0>,  // signed, rounds to -inf; x / 0 = 0; min / -1 wraps
    I32EnumAttrCase<"mod", 1>,       // x - y * floordiv(x, y); x % 0 = 0
    I32EnumAttrCase<"quot", 2>,      // signed, rounds to zero; by zero 0
    I32EnumAttrCase<"rem", 3>,       // signed, sign of the dividend; by zero 0
    I32EnumAttrCase<"divu", 4>,      // unsigned; by zero 0
    I32EnumAttrCase<"remu", 5>,
    I32EnumAttrCase<"shl", 6>,       // amount is unsigned; >= width: 0
    I32EnumAttrCase<"shrs", 7>,      // >= width: the sign
    I32EnumAttrCase<"shru", 8>,      // >= width: 0
    I32EnumAttrCase<"fptosi", 9>,    // saturates, NaN: 0
    I32EnumAttrCase<"fptoui", 10>]> {
  let cppNamespace = "::texpr::tx";
}

def Tx_BindOp : Tx_Op<"bind", [Pure, AllTypesMatch<["source", "result"]>, DeclareOpInterfaceMethods<Tx_HasExtents>]> {
  let summary = "A parameter with its extents";
  let description = [{The only use of an entry argument of tensor type; gives it its extents.
    ```mlir
    %x = tx.bind %xa [%m, %k] : tensor<?x?xf32>
    ```}];
  let arguments = (ins Tx_Tensor:$source, Variadic<Index>:$extents);
  let results = (outs Tx_Tensor:$result);
  let assemblyFormat = "$source `[` $extents `]` attr-dict `:` type($source)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tx_FactOp : Tx_Op<"fact", [MemoryEffects<[MemWrite]>]> {
  let summary = "A fact on dims, checked at entry or proved";
  let description = [{The integer set over the operands (all symbols) holds. With `entry`, the generated entry point tests it before any work and
    refuses the call with `text`. Kept to the end of `par`, so that analyses may ask.}];
  let arguments = (ins Variadic<Index>:$operands, IntegerSetAttr:$set, UnitAttr:$entry, OptionalAttr<StrAttr>:$text);
  let assemblyFormat = "$set `[` $operands `]` (`entry` $entry^)? ($text^)? attr-dict";
  let hasVerifier = 1;
}

def Tx_VerifyOp : Tx_Op<"verify", [Pure, AllTypesMatch<["source", "result"]>, DeclareOpInterfaceMethods<Tx_HasExtents>]> {
  let summary = "The same data, trusted to lie in [lower, upper)";
  let description = [{The result is the source. What relies on the range reads the result; `sink-verify` turns this into tests at the accesses that need
    it, reported with `site` (an index into the module's `texpr.sites`).}];
  let arguments = (ins Tx_Tensor:$source, Index:$lower, Index:$upper, I64Attr:$site);
  let results = (outs Tx_Tensor:$result);
  let assemblyFormat = "$source `in` `[` $lower `to` $upper `]` `site` $site attr-dict `:` type($source)";
  let hasVerifier = 1;
}

def Tx_ReadOp : Tx_Op<"read", [RecursiveMemoryEffects, AttrSizedOperandSegments, DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "One element of a tensor";
  let description = [{Indices are zero-based, one an axis. Not speculatable unless it is guarded: with an `else` region (lazy; evaluated where any index is out
    of range; no arguments, yields the element) or with `fail` (out of range: failure `site` is recorded, with the index `at`, and the value is 0).
    ```mlir
    %a = tx.read %x[%i, %j] : tensor<?x?xf32>
    %b = tx.read %x[%i, %j] else { tx.yield %c0 : f32 } : tensor<?x?xf32>
    %c = tx.read %x[%k] fail 3 at %i : tensor<?xf32>
    ```}];
  let arguments = (ins Tx_Tensor:$source, Variadic<Index>:$indices, Optional<Index>:$at, OptionalAttr<I64Attr>:$site);
  let regions = (region MaxSizedRegion<1>:$elseRegion);
  let results = (outs AnyType:$result);
  let builders = [
      OpBuilder<(ins "::mlir::Value":$source, "::mlir::ValueRange":$indices)>,
      OpBuilder<(ins "::mlir::Value":$source, "::mlir::ValueRange":$indices, "int64_t":$site, "::mlir::Value":$at)>,
      OpBuilder<(ins "::mlir::Value":$source, "::mlir::ValueRange":$indices, "::texpr::tx::BodyBuilder":$orElse)>];
  let extraClassDeclaration = [{
    bool hasElse() { return !getElseRegion().empty(); }
    bool isGuarded() { return hasElse() || getSite(); }
    ::mlir::RankedTensorType getSourceType() { return ::llvm::cast<::mlir::RankedTensorType>(getSource().getType()); }
  }];
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Tx_ComputeOp : Tx_Op<"compute", [RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Tensors by index: every element independent";
  let description = [{Iterates lower[d] <= arg[d] < upper[d]; the results' leading extents are max(0, upper - lower), and element `arg - lower` is what the body
    yields (results are zero-based). A yielded tensor of rank r adds its extents, which are defined outside. One result a yielded value.
    `axes` are the source's names of the arguments.
    ```mlir
    %y = tx.compute (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] { … tx.yield %v : f32 } : tensor<?x?xf32>
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Tx_Tensor>:$results);
  let builders = [
      // The result types follow from what the body yields.
      OpBuilder<(ins "::mlir::ValueRange":$lower, "::mlir::ValueRange":$upper, "::mlir::ArrayAttr":$axes, "::texpr::tx::BodyBuilder":$body)>,
      OpBuilder<(ins "::mlir::ValueRange":$extents, "::mlir::ArrayAttr":$axes, "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_ReduceOp : Tx_Op<"reduce", [RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Combine the values of a domain by an associative operator";
  let description = [{Builtin operators start from their identity (`add`: +0; `min`, `max` of floats: +inf, -inf, NaN propagates, -0 < +0). `user` names a
    `tx.combiner`; its operands keep index order (row-major over the domain), and its identity is the value of an empty domain only. Several yielded values are
    a tuple. Yielded tensors combine element by element. Integer `min`/`max` are signed unless `unsigned`. The body is evaluated only where `where` yields true.
    ```mlir
    %s = tx.reduce add (%k) = (%c0) to (%n) axes ["k"] { … tx.yield %v : f32 } : f32
    %b:2 = tx.reduce user @argmax (%k) = (%c0) to (%n) axes ["k"] where (%q) { … tx.yield %ok : i1 } { … tx.yield %v, %k : f32, index } : f32, index
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, Tx_Combine:$op, OptionalAttr<FlatSymbolRefAttr>:$combiner, UnitAttr:$is_unsigned,
      StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$whereRegion);
  let results = (outs Variadic<AnyType>:$results);
  let builders = [
      // The result types follow from what the body yields; `where` may be absent.
      OpBuilder<(ins "::texpr::tx::Combine":$op, "::mlir::ValueRange":$lower, "::mlir::ValueRange":$upper, "::mlir::ArrayAttr":$axes,
          "::texpr::tx::BodyBuilder":$body, CArg<"::texpr::tx::BodyBuilder", "nullptr">:$where,
          CArg<"::mlir::FlatSymbolRefAttr", "{}">:$combiner, CArg<"bool", "false">:$isUnsigned)>];
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    bool hasWhere() { return !getWhereRegion().empty(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_ForOp : Tx_Op<"for", [RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Sequential iteration over carried values";
  let description = [{For t = lower … upper - 1 the body maps the carried values to the next ones; the first results are the last ones. Carried tensors keep their
    extents. What the body yields beyond the next state is stacked: element t - lower of a result whose leading extent is max(upper - lower, 0). A `while`
    region takes the body's arguments and is asked before each step; the iteration ends where it yields false. Then the last result is the number of steps, which is
    also the leading extent of the stacks. With `site`, a condition that still holds after the last allowed step is failure `site`, with the index `at`.
    ```mlir
    %u = tx.for (%t) = %lo to %hi with (%v = %v0 : tensor<?xf32>) { … tx.yield %next : tensor<?xf32> } : tensor<?xf32>
    %x, %steps = tx.for (%t) = %c0 to %max with (%v = %v0 : f32) at %i attributes {site = 2} while (%s, %w) { … tx.yield %more : i1 } { … tx.yield %next : f32 } : f32, index
    ```}];
  let arguments = (ins Index:$lower, Index:$upper, Variadic<AnyType>:$inits, Optional<Index>:$at, OptionalAttr<I64Attr>:$site);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$whileRegion);
  let results = (outs Variadic<AnyType>:$results);
  let builders = [
      // Arguments of the body: the induction variable, then the carried values. Without stacks and `while`.
      OpBuilder<(ins "::mlir::Value":$lower, "::mlir::Value":$upper, "::mlir::ValueRange":$inits, "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{
    bool hasWhile() { return !getWhileRegion().empty(); }
    /// The number of stacked results (`keep`).
    unsigned getNumStacks() { return getNumResults() - getInits().size() - hasWhile(); }
    ::mlir::Value getSteps() { return getResults().back(); } // with `while`
    ::mlir::Value getInductionVar() { return getBody().getArgument(0); }
    ::mlir::ValueRange getCarried() { return getBody().getArguments().drop_front(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_ScanOp : Tx_Op<"scan", [RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The running combination along a domain, in row-major order";
  let description = [{Element (i…) - lower is the combination of what the body yields from the first index to (i…), or up to the one before it (`exclusive`, which starts
    with the identity); `reverse`: from the last index down. Results are zero-based, of the domain's extents followed by the yielded value's.
    ```mlir
    %y = tx.scan add (%i) = (%c0) to (%n) axes ["i"] attributes {exclusive} { … tx.yield %v : f32 } : tensor<?xf32>
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, Tx_Combine:$op, OptionalAttr<FlatSymbolRefAttr>:$combiner, UnitAttr:$is_unsigned,
      UnitAttr:$exclusive, UnitAttr:$reverse, StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Tx_Tensor>:$results);
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_ScatterOp : Tx_Op<"scatter", [RecursiveMemoryEffects, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Values combined into places that are computed";
  let description = [{The body yields a place (one index an extent), then the values put there; row-major order of the domain. The results start as `base`, else as the
    operator's identity (a user's: as absent, the identity where nothing is put), else as zero. Without an operator a place is put at once at most: `distinct` says that this is
    known, else a second put is failure `site`. `skip`: a place outside is passed over; without it a place outside is failure `site`, unless `in_bounds`.
    ```mlir
    %h = tx.scatter [%k] add (%i) = (%c0) to (%n) axes ["i"] attributes {skip} { … tx.yield %p, %one : index, i32 } : tensor<?xi32>
    ```}];
  let arguments = (ins Variadic<Index>:$extents, Variadic<Tx_Tensor>:$base, Variadic<Index>:$lower, Variadic<Index>:$upper, OptionalAttr<Tx_Combine>:$op,
      OptionalAttr<FlatSymbolRefAttr>:$combiner, UnitAttr:$is_unsigned, UnitAttr:$skip, UnitAttr:$in_bounds, UnitAttr:$distinct, OptionalAttr<I64Attr>:$site, StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$whereRegion);
  let results = (outs Variadic<Tx_Tensor>:$results);
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    bool hasWhere() { return !getWhereRegion().empty(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
    ::mlir::OperandRange getPlace();     // of the yield
    ::mlir::OperandRange getPutValues(); // of the yield
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_FilterOp : Tx_Op<"filter", [RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "What a condition keeps, in row-major order";
  let description = [{The first result is the number of indices where `where` holds: at least 0, at most the domain's size. The others have it as leading extent. The body is evaluated
    only where `where` holds.
    ```mlir
    %k, %u = tx.filter (%i) = (%c0) to (%n) axes ["i"] where (%j) { … tx.yield %c : i1 } { … tx.yield %v : f32 } : index, tensor<?xf32>
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body, SizedRegion<1>:$whereRegion);
  let results = (outs Index:$count, Variadic<Tx_Tensor>:$kept);
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_SortOp : Tx_Op<"sort", [RecursiveMemoryEffects, RecursivelySpeculatable,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<Tx_HasExtents>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "The stable permutation that sorts the keys, or its first places";
  let description = [{The body yields the keys of index i, the first one weighs most. Integers compare signed unless `unsigned`; floats as -inf … -0 < +0 … inf < NaN, all NaNs
    equal. A key marked in `descending` is reversed; ties keep the order of the indices. The result holds indices i in lower … upper - 1; with `top` the first `top` of them
    (0 <= top <= upper - lower).
    ```mlir
    %p = tx.sort (%i) = %c0 to %n axis "i" { … tx.yield %key : f32 } : tensor<?xi64>
    %q = tx.sort (%i) = %c0 to %n top %k axis "i" attributes {descending = array<i1: true>} { … tx.yield %key : f32 } : tensor<?xi64>
    ```}];
  let arguments = (ins Index:$lower, Index:$upper, Optional<Index>:$top, StrAttr:$axis, OptionalAttr<DenseBoolArrayAttr>:$descending,
      OptionalAttr<DenseBoolArrayAttr>:$are_unsigned);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Tx_Tensor:$result);
  let extraClassDeclaration = [{
    bool isDescending(unsigned key) { return getDescending() && (*getDescending())[key]; }
    bool isUnsigned(unsigned key) { return getAreUnsigned() && (*getAreUnsigned())[key]; }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_CheckOp : Tx_Op<"check", [MemoryEffects<[MemWrite]>, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A fact on data, tested before what follows relies on it";
  let description = [{Every iteration yields true, or failure `site` is recorded (its index: the place among all iterations, row-major), and the call ends before what follows. An empty domain list is one test.
    ```mlir
    tx.check (%i) = (%c0) to (%m) axes ["i"] site 1 { … tx.yield %ordered : i1 }
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, I64Attr:$site, StrArrayAttr:$axes);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_ListOp : Tx_Op<"list", [Pure, DeclareOpInterfaceMethods<Tx_HasExtents>]> {
  let summary = "A tensor written out: elements, or tensors of one shape, along a new leading axis";
  let arguments = (ins Variadic<AnyType>:$elements);
  let results = (outs Tx_Tensor:$result);
  let assemblyFormat = "$elements attr-dict `:` type($elements) `->` type($result)";
  let hasVerifier = 1;
}

def Tx_ScalarOp : Tx_Op<"scalar", [Pure]> {
  let summary = "Total forms of division, shift and float-to-integer conversion";
  let arguments = (ins Tx_ScalarKind:$kind, Variadic<AnyType>:$operands);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$kind $operands attr-dict `:` type($operands) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tx_CombinerOp : Tx_Op<"combiner", [Symbol, IsolatedFromAbove]> {
  let summary = "A user's operator";
  let description = [{The body takes the leaves of `a`, then of `b`, and yields the combined leaves. The identity region (no arguments) may be empty.
    ```mlir
    tx.combiner @keep (%a: i32), (%b: i32) commutative { … tx.yield %c : i32 } identity { … tx.yield %z : i32 }
    ```}];
  let arguments = (ins SymbolNameAttr:$sym_name, UnitAttr:$commutative);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$identity);
  let builders = [
      // `body` takes the leaves of a, then of b; `identity` may be absent.
      OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::TypeRange":$leaves, "bool":$commutative, "::texpr::tx::BodyBuilder":$body,
          CArg<"::texpr::tx::BodyBuilder", "nullptr">:$identity)>];
  let extraClassDeclaration = [{
    unsigned getNumLeaves() { return getBody().getNumArguments() / 2; }
    bool hasIdentity() { return !getIdentity().empty(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_KernelOp : Tx_Op<"kernel", [RecursiveMemoryEffects, RecursivelySpeculatable, DeclareOpInterfaceMethods<Tx_HasExtents>]> {
  let summary = "What runs as one kernel; made by group-kernels";
  let description = [{The region captures freely and yields the values that leave the kernel. Results take their extents from the yielded values, whose extents are
    known; what they are computed from inside is computed again outside where it is asked for.
    ```mlir
    %y = tx.kernel attributes {plan.why = "…"} { … tx.yield %t : tensor<?xf32> } -> tensor<?xf32>
    ```}];
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<AnyType>:$results);
  let builders = [OpBuilder<(ins "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::texpr::tx::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Tx_YieldOp : Tx_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["ReadOp", "ComputeOp", "ReduceOp", "ForOp", "ScanOp", "ScatterOp", "FilterOp", "SortOp", "CheckOp", "CombinerOp", "KernelOp"]>]> {
  let summary = "Ends a region of this dialect";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}
#endif
