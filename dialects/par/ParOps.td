// par: nests of loops over buffers. See README.md for the rationale and the rules that hold at each stage.
#ifndef TEXPR_PAR_OPS
#define TEXPR_PAR_OPS
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/tx/TxOps.td"

def Par_Dialect : Dialect {
  let name = "par";
  let cppNamespace = "::texpr::par";
  let summary = "Parallel and sequential nests over buffers of open placement";
  let description = [{
    Loops with machine levels, buffers whose placement is an attribute of the allocation, explicit reads and writes. A buffer is never
    carried, chosen or stored, so that its root is found by walking up.
  }];
  let dependentDialects = ["::texpr::tx::TxDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

class Par_Op<string mnemonic, list<Trait> traits = []> : Op<Par_Dialect, mnemonic, traits>;

def Par_BufType : TypeDef<Par_Dialect, "Buf"> {
  let mnemonic = "buf";
  let summary = "A buffer: rank and element; extents belong to what makes it";
  let description = [{`!par.buf<?x?xf32>`; rank 0: `!par.buf<f32>`.}];
  let parameters = (ins "unsigned":$rank, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
}

def Par_LayoutAttr : AttrDef<Par_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "Which hardware unit holds which element of a tile";
  let description = [{
    A linear layout (`Layout.h`): each bit of a unit adds its basis vector to the coordinates. Over a longer nest the tile repeats.
    ```mlir
    #par.layout<[i:16, j:8] reg=[(0, 1), (8, 0)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]>
    #par.layout<[j:1024] reg=[1, 2, 128, 256, 512] lane=[4, 8, 16, 32, 64]>
    ```
    Stands as `par.layout` on foralls and reduces (over their iterations, counted from the lower bounds) and on allocations (over their elements).}];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$axes, ArrayRefParameter<"int64_t">:$sizes, ArrayRefParameter<"::mlir::StringAttr">:$units,
      ArrayRefParameter<"int64_t", "bits a unit">:$counts, ArrayRefParameter<"int64_t", "all basis vectors, one after the other">:$bases);
  let builders = [AttrBuilder<(ins "const ::texpr::par::Layout &":$layout)>];
  let extraClassDeclaration = [{
    ::texpr::par::Layout getLayout() const;
    /// On ops: `par.layout`.
    static constexpr ::llvm::StringLiteral attributeName() { return ::llvm::StringLiteral("par.layout"); }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Par_BindOp : Par_Op<"bind", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "A buffer argument of the function with its extents";
  let arguments = (ins Par_BufType:$source, Variadic<Index>:$extents);
  let results = (outs Par_BufType:$result);
  let assemblyFormat = "$source `[` $extents `]` attr-dict `:` qualified(type($source))";
  let hasVerifier = 1;
}

def Par_DoOp : Par_Op<"do", [RecursiveMemoryEffects, AttrSizedOperandSegments, SingleBlockImplicitTerminator<"YieldOp">,
    DeclareOpInterfaceMethods<Tx_HasExtents>]> {
  let summary = "An island of parallel code inside values: tensors in, tensors out";
  let description = [{Block arguments: one buffer an input (read only), then one a result. `extents` are the extents of all results, concatenated. Scalar results
    are rank-0 tensors. Inside, pure `tx` operations on values are allowed; they are evaluated where they stand. Legal in the stage `tx` only.
    ```mlir
    %y = par.do ins(%x as %bx : tensor<?xf32>) outs[%m, %n] (%by : tensor<?x?xf32>) { … }
    ```}];
  let arguments = (ins Variadic<Tx_Tensor>:$inputs, Variadic<Index>:$extents);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Tx_Tensor>:$results);
  let builders = [
      // Arguments of the body: the inputs' buffers, then the results'. The terminator is added.
      OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$extents, "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getInputBuffers() { return getBody().getArguments().take_front(getInputs().size()); }
    ::mlir::ValueRange getResultBuffers() { return getBody().getArguments().drop_front(getInputs().size()); }
    /// The extents of one result: its part of `extents`.
    ::mlir::OperandRange getExtentsOf(unsigned result);
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_KernelOp : Par_Op<"kernel", [RecursiveMemoryEffects, NoTerminator, SingleBlock]> {
  let summary = "One launch (GPU) or one parallel region (CPU); contains no other";
  let regions = (region SizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{ ::mlir::Block *getBlock() { return &getBody().front(); } }];
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Par_ForallOp : Par_Op<"forall", [RecursiveMemoryEffects, AttrSizedOperandSegments, SingleBlockImplicitTerminator<"YieldOp">,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Iterations in any order; converged and visible at entry and exit";
  let description = [{`level` is what one iteration gets: `block`, `warp`, `lane` of the source or, after `map`, a level of the machine (`thread`, `simd`, `step`).
    A forall at level `simd` is vectorized along its last axis. `full`: the iterations are the lanes of the level. `disjoint`: the user answers for races.
    ```mlir
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] level "thread" attributes {plan.grain = 8} { … }
    ```}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, StrArrayAttr:$axes, OptionalAttr<StrAttr>:$level, UnitAttr:$full, UnitAttr:$disjoint);
  let regions = (region SizedRegion<1>:$body);
  let builders = [
      // The terminator is added.
      OpBuilder<(ins "::mlir::ValueRange":$lower, "::mlir::ValueRange":$upper, "::mlir::ArrayAttr":$axes, "::texpr::tx::BodyBuilder":$body,
          CArg<"::llvm::StringRef", "{}">:$level, CArg<"bool", "false">:$full, CArg<"bool", "false">:$disjoint)>];
  let extraClassDeclaration = [{
    unsigned getNumAxes() { return getUpper().size(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_SeqOp : Par_Op<"seq", [RecursiveMemoryEffects, DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Iterations in order, in one thread of control, with carried scalars";
  let description = [{
    ```mlir
    %s = par.seq (%k) = %lo to %hi axis "k" with (%u = %u0 : f32) { … par.yield %next : f32 }
    %t = par.seq (%k) = %lo to %hi axis "k" with (%u = %u0 : f32) while (%l, %v) { … par.yield %more : i1 } { … par.yield %next : f32 }
    ```
    A `while` region takes the body's arguments and is asked before each step; the loop ends where it yields false.}];
  let arguments = (ins Index:$lower, Index:$upper, Variadic<AnyType>:$inits, StrAttr:$axis);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$whileRegion);
  let results = (outs Variadic<AnyType>:$results);
  let builders = [
      // Arguments of the body: the induction variable, then the carried values. Without carried values the terminator is added.
      OpBuilder<(ins "::mlir::Value":$lower, "::mlir::Value":$upper, "::mlir::ValueRange":$inits, "::llvm::StringRef":$axis,
          "::texpr::tx::BodyBuilder":$body, CArg<"::texpr::tx::BodyBuilder", "nullptr">:$whileBody)>];
  let extraClassDeclaration = [{
    bool hasWhile() { return !getWhileRegion().empty(); }
    ::mlir::Value getInductionVar() { return getBody().getArgument(0); }
    ::mlir::ValueRange getCarried() { return getBody().getArguments().drop_front(); }
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::mlir::ValueRange getArgs() { return getBody().getArguments(); }
    ::texpr::par::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_ReduceOp : Par_Op<"reduce", [RecursiveMemoryEffects, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Tx_HasDomain>, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "As tx.reduce, on scalars";
  let description = [{The order is the mapping's for builtin operators, index order for a user's. After `map`, `level` says how it runs: `simd` (lanes and several
    accumulators along the last axis, a fixed tree at the end) or `step` (serial).}];
  let arguments = (ins Variadic<Index>:$lower, Variadic<Index>:$upper, Tx_Combine:$op, OptionalAttr<FlatSymbolRefAttr>:$combiner, UnitAttr:$is_unsigned,
      StrArrayAttr:$axes, OptionalAttr<StrAttr>:$level);
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
    ::texpr::par::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_AllocOp : Par_Op<"alloc", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "A buffer that belongs to the iteration that contains it";
  let description = [{`place` is absent (open) until `promote`: `reg`, `stack`, `shared`, `workspace`. `chunk`: owned by a chunk of the outermost forall of the
    kernel, not by one iteration.}];
  let arguments = (ins Variadic<Index>:$extents, OptionalAttr<StrAttr>:$place, OptionalAttr<StrAttr>:$name, UnitAttr:$pinned);
  let results = (outs Par_BufType:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$elementType, "::mlir::ValueRange":$extents, CArg<"::llvm::StringRef", "{}">:$name)>];
  let assemblyFormat = "`[` $extents `]` attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Par_SlotOp : Par_Op<"slot", [Pure]> {
  let summary = "A buffer inside the call's workspace, at a byte offset";
  let description = [{Made by `workspace` from allocations placed there; the offset is a multiple of 64.}];
  let arguments = (ins Index:$offset, Variadic<Index>:$extents);
  let results = (outs Par_BufType:$result);
  let assemblyFormat = "`at` $offset `[` $extents `]` attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Par_LoadOp : Par_Op<"load", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "One element; masked: `other` where the mask is false";
  let arguments = (ins Par_BufType:$source, Variadic<Index>:$indices, Optional<I1>:$mask, Optional<AnyType>:$other);
  let results = (outs AnyType:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$source, "::mlir::ValueRange":$indices,
      CArg<"::mlir::Value", "{}">:$mask, CArg<"::mlir::Value", "{}">:$other)>];
  let assemblyFormat = "$source `[` $indices `]` (`mask` $mask^ `other` $other `:` type($other))? attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1;
}

def Par_StoreOp : Par_Op<"store", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Store one element where the mask is absent or true";
  let arguments = (ins AnyType:$value, Par_BufType:$dest, Variadic<Index>:$indices, Optional<I1>:$mask);
  let builders = [OpBuilder<(ins "::mlir::Value":$value, "::mlir::Value":$dest, "::mlir::ValueRange":$indices)>];
  let assemblyFormat = "$value `,` $dest `[` $indices `]` (`mask` $mask^)? attr-dict `:` type($value) `,` qualified(type($dest))";
  let hasVerifier = 1;
}

def Par_AtomicOp : Par_Op<"atomic", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Changes one element at once; the value before";
  let description = [{The region takes the element and yields the next one; it reads no memory. Iterations of a forall may touch one element by this op.
    ```mlir
    %old = par.atomic %b[%i] (%o: i32) { %n = arith.addi %o, %c1 : i32 par.yield %n : i32 } : !par.buf<?xi32>
    ```}];
  let arguments = (ins Par_BufType:$dest, Variadic<Index>:$indices);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs AnyType:$old);
  let builders = [OpBuilder<(ins "::mlir::Value":$dest, "::mlir::ValueRange":$indices, "::texpr::tx::BodyBuilder":$body)>];
  let extraClassDeclaration = [{
    ::mlir::Block *getBlock() { return &getBody().front(); }
    ::texpr::par::YieldOp getYield();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_LaneOp : Par_Op<"lane", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "An operation across the lanes of the full forall around it";
  let description = [{All lanes arrive together: it stands under uniform control only. Kinds: `shuffle` (value, source lane: the value of that lane), `ballot`
    (condition: a bit a lane), `match` (value: a bit for each lane with an equal value), `any`, `all` (condition), `below` (a bit for each lane below this one).
    ```mlir
    %v = par.lane "shuffle" %x, %src : f32, index -> f32
    %m = par.lane "ballot" %c : i1 -> i32
    ```}];
  let arguments = (ins StrAttr:$kind, Variadic<AnyType>:$operands);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$kind ($operands^ `:` type($operands))? attr-dict `->` type($result)";
  let hasVerifier = 1;
}

def Par_BarrierOp : Par_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "What lanes of the full forall around it stored before is visible after";
  let assemblyFormat = "attr-dict";
}

def Par_StopOp : Par_Op<"stop", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Ends the call where a failure is recorded";
  let description = [{Between kernels, on the host: what follows may trust what the tests before it found.}];
  let assemblyFormat = "attr-dict";
}

def Par_FailOp : Par_Op<"fail", [AttrSizedOperandSegments, MemoryEffects<[MemWrite]>]> {
  let summary = "Record failure `site` where the condition is true";
  let description = [{`index` says where, in terms of the source; without it that is 0. Of all failures of a call the lowest site, then index, is reported. The text of a site that has `values` words them, each in the place of a `{}`; serial code that ends at once (par.stop).}];
  let arguments = (ins I1:$condition, I64Attr:$site, Optional<Index>:$index, Variadic<Index>:$values);
  let builders = [
      OpBuilder<(ins "::mlir::Value":$condition, "::mlir::IntegerAttr":$site, CArg<"::mlir::Value", "{}">:$index), [{ build($_builder, $_state, condition, site, index, ::mlir::ValueRange()); }]>];
  let assemblyFormat = "$site `if` $condition (`at` $index^)? (`values` `[` $values^ `]`)? attr-dict";
}

def Par_ContractOp : Par_Op<"contract", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "C[mapC] += A[mapA] * B[mapB] over a tile's domain";
  let description = [{The iteration domain is 0 <= d_i < extents_i; the maps are over (d_0 … d_n-1)[symbols]. `kinds` names each axis `m`, `n`, `k` or `batch`.
    A and B are widened to C's element type before the product. `instr` is the row of the target's table that runs it.}];
  let arguments = (ins Par_BufType:$a, Par_BufType:$b, Par_BufType:$c, Variadic<Index>:$extents, Variadic<Index>:$symbols,
      AffineMapAttr:$mapA, AffineMapAttr:$mapB, AffineMapAttr:$mapC, StrArrayAttr:$kinds, OptionalAttr<DictionaryAttr>:$instr);
  let assemblyFormat = [{$c `at` $mapC `+` `` `=` $a `at` $mapA `*` $b `at` $mapB `(` $extents `)` `[` $symbols `]` `kinds` $kinds (`instr` $instr^)? attr-dict
    `:` qualified(type($c)) `,` qualified(type($a)) `,` qualified(type($b))}];
  let hasVerifier = 1;
}

def Par_YieldOp : Par_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["DoOp", "ForallOp", "SeqOp", "ReduceOp", "AtomicOp"]>]> {
  let summary = "Ends a region of this dialect";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}
#endif
