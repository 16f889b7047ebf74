// The importer's state; private to `compiler/import/`.
//
// One `FnImporter` walks one function (or the body of one op). The pieces by file:
//   ImportProgram.cpp  the module, symbols, locations
//   ImportPins.cpp     pins and promises
//   ImportFn.cpp       signatures, dims, facts at entry, calls, ops
//   ImportFacts.cpp    facts on data: what is verified
//   ImportTested.cpp   facts that are tested where a call stands
//   ImportChecked.cpp  what checked builds test
//   ImportExpr.cpp     names, operators, choice, tuples
//   ImportForms.cpp    compute, reduce
//   ImportPrefix.cpp   scan, filter
//   ImportScatter.cpp  scatter
//   ImportRagged.cpp   scatter over lists of differing lengths
//   ImportSort.cpp     argsort, top
//   ImportIterate.cpp  for, while
//   ImportInout.cpp    what is lent
//   ImportAccess.cpp   elements, sub-tensors, slices, else
//   ImportIndex.cpp    index expressions as SSA values
//   ImportIslands.cpp  blocks with statements: par.do
//   ImportStmts.cpp    buffers, stores, par, seq, if
//   ImportAtomic.cpp   `atomic`
//   ImportLanes.cpp    scopes, barriers, what lanes do together
//   ImportAsm.cpp      `asm`: what it means
//   ImportUses.cpp     which names a piece of the tree uses
//   Scalars.h          scalar operations
#pragma once
#include "compiler/import/Import.h"
#include "compiler/import/Scalars.h"
#include "dialects/par/ParOps.h"
#include "dialects/plan/Pins.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <map>

namespace texpr::importer {

using mlir::Location;
using mlir::Value;
using mlir::ValueRange;
using DeclSet = llvm::DenseSet<const Decl *>;

/// One scalar, tensor or buffer.
struct Leaf {
  Value value;
  ScalarKind kind = ScalarKind::F32;
  bool isBuffer() const { return llvm::isa<par::BufType>(value.getType()); }
  bool isTensor() const { return llvm::isa<mlir::RankedTensorType>(value.getType()); }
  bool isScalar() const { return !isBuffer() && !isTensor(); }
  unsigned rank() const;
};
using Leaves = llvm::SmallVector<Leaf, 2>;

/// A value of the language: its leaves, left to right.
struct Val {
  Leaves leaves;
  /// A total view, `x else v`: what stands outside of each leaf, or a failure.
  Leaves outside = {};
  std::optional<int64_t> failure = {};
};

/// The forms of a user's op: lifted to values that may be absent; on elements of tensors, where i64 is i64.
struct CombinerForm {
  bool isOptional = false, onElements = false;
};

/// Which copy of a function a call is of.
struct Variant {
  bool isTrusted = false; // verifies no facts on data: every caller knows them
  bool isInside = false;  // called where a failing test cannot end the call
  auto operator<=>(const Variant &) const = default;
};

class ProgramImporter {
public:
  ProgramImporter(const CheckedProgram &checked, const SourceFiles &files,
                  mlir::MLIRContext &context, bool isChecked);
  mlir::OwningOpRef<mlir::ModuleOp> run();

  const CheckedProgram &checked;
  const SourceFiles &files;
  mlir::MLIRContext &context;
  mlir::ModuleOp module;
  bool failed = false;
  bool isChecked; // of a checked build: ImportChecked.cpp

  Location loc(SourceRange r) const;
  /// A failure that only a checked build tests; its index among the module's sites.
  int64_t addSite(SourceRange r, const llvm::Twine &text);
  /// The symbol of the combiner that `op` becomes.
  mlir::FlatSymbolRefAttr combiner(const OpDecl &op, CombinerForm form);
  std::optional<int64_t> site(const FnDecl &fn, unsigned param) const;
  std::optional<int64_t> site(const Expr &e) const;
  std::string signatureText(const FnDecl &fn) const;
  /// The symbol of a copy of the function, which is made if it is not there yet.
  std::string callee(const FnDecl &fn, Variant variant);

private:
  std::map<std::pair<const FnDecl *, Variant>, mlir::func::FuncOp> copies;
  std::vector<std::pair<const FnDecl *, Variant>> toImport;
  std::map<std::tuple<const OpDecl *, bool, bool>, mlir::FlatSymbolRefAttr> combiners;
  mlir::func::FuncOp declare(const FnDecl &fn, Variant variant);
  void setSites();
  void setPins(); // ImportPins.cpp
  mlir::ArrayAttr promisesOf(const FnDecl &fn);
};

/// What the tree says about one dim of a signature.
inline bool isArgument(const DimBinding &d) {
  return d.how != DimBinding::How::Defined && d.how != DimBinding::How::Found;
}
/// The parameters that a caller lends.
std::vector<const Decl *> lentTo(const FnDecl &fn);
/// The scalar parameters that stand among the dims.
llvm::SmallVector<bool> servesAsDim(const FnDecl &fn);

class FnImporter {
  friend struct RaggedScatter; // ImportRagged.cpp
  friend struct RaggedFilter;  // ImportRaggedFilter.cpp

public:
  explicit FnImporter(ProgramImporter &program);
  void importFn(const FnDecl &fn, mlir::func::FuncOp func, Variant variant);
  void importCombiner(const OpDecl &op, tx::CombinerOp combiner, CombinerForm form);

private:
  ProgramImporter &program;
  mlir::MLIRContext *context;
  mlir::OpBuilder b;
  Location loc;
  llvm::DenseMap<const Decl *, Val> env;
  /// Statements are emitted where they stand: the insertion point is inside a par.do, and in no
  /// form of its own.
  bool inPlace = false;
  /// The function is called where a failing test cannot end the call.
  bool isInside = false;

  /// Sets the location of what is built in a scope.
  struct At {
    FnImporter &i;
    Location before;
    At(FnImporter &i, SourceRange r, bool isForm = true) : i(i), before(i.loc) {
      i.loc = i.program.loc(r);
      if (!isForm)
        i.loc = plan::besidesForms(i.loc);
    }
    ~At() { i.loc = before; }
  };
  /// The body of a form: a block of its own, in which statements need an island.
  struct Body {
    FnImporter &i;
    mlir::OpBuilder::InsertionGuard guard;
    bool before;
    Body(FnImporter &i, mlir::Region &region, mlir::TypeRange arguments, bool staysInPlace = false);
    ~Body() { i.inPlace = before; }
    ValueRange args;
  };

  ScalarBuilder scalars() { return ScalarBuilder(b, loc, program.isChecked); }
  mlir::RankedTensorType tensorType(ScalarKind k, size_t rank);
  mlir::Type valueType(const Type &leaf);
  llvm::SmallVector<mlir::Type> valueTypes(const Type &t);
  mlir::ArrayAttr axisNames(const Binders &binders, size_t from, size_t count);
  void error(SourceRange range, const llvm::Twine &what);

  // ---- ImportIndex.cpp
  struct SymbolValue {
    Value value;
    ScalarKind kind;
  };
  llvm::DenseMap<facts::Symbol, SymbolValue> symbols;
  llvm::DenseMap<size_t, std::pair<facts::Expr, Value>>
      extents; // by hash, which identifies an expression
  llvm::DenseSet<facts::Symbol> entrySymbols;
  mlir::Block *entryBlock = nullptr;
  mlir::Operation *lastEntryOp = nullptr;
  void bindSymbol(const std::optional<facts::Expr> &value, Value v, ScalarKind k);
  void bindSymbolOnce(const std::optional<facts::Expr> &value, Value v, ScalarKind k);
  bool isVisible(Value v) const;
  bool isOfEntry(const facts::Expr &e) const;
  /// The value of an index expression, made once, as far out as its symbols allow. Equal
  /// expressions are one SSA value.
  Value extent(const facts::Expr &e);
  llvm::SmallVector<Value> extentsOf(const std::vector<facts::Expr> &shape);
  bool resolveSymbols(const facts::Expr &e);
  void placeAfterSymbols(const facts::Expr &e);
  Value build(const facts::Expr &e);
  Value symbolIndex(facts::Symbol s);
  void emitFact(const facts::Constraint &c, llvm::StringRef text, bool isEntry);
  mlir::AffineExpr affine(const facts::Expr &e, llvm::SmallVectorImpl<Value> &operands);

  // ---- ImportFn.cpp
  void bindDims(const FnDecl &fn, mlir::Block &entry, unsigned &arg);
  void bindParams(const FnDecl &fn, mlir::Block &entry, unsigned arg);
  Leaf bindTensor(const FnDecl &fn, unsigned param, const Type &leaf, Value argument);
  Value verified(const FnDecl &fn, unsigned param, ScalarKind kind, Value tensor);
  Val call(const CallExpr &e);
  Val callElementwise(const CallExpr &e, llvm::ArrayRef<Val> args);
  llvm::SmallVector<Value> callOperands(const CallExpr &e, llvm::ArrayRef<Val> args);
  Val callOp(const CallExpr &e);
  void bindOperands(const OpDecl &op, ValueRange values);
  llvm::SmallVector<Value> identityValues(const OpDecl &op);

  // ---- ImportExpr.cpp
  Val expr(const Expr &e);
  Val dispatch(const Expr &e);
  Leaf leaf(const Expr &e);
  Value scalar(const Expr &e);
  Value index(const Expr &e);
  Val name(const NameExpr &e);
  Val field(const FieldExpr &e);
  Val tuple(const TupleExpr &e);
  Val list(const ListExpr &e);
  Val choice(const IfExpr &e);
  Val branch(const Block *block, const Expr *other, const Type &type);
  Value logic(const BinaryExpr &e);
  Val binary(const BinaryExpr &e);
  Val builtin(const CallExpr &e);
  Val conversion(const CallExpr &e);
  mlir::ArrayAttr axisLabels(char letter, size_t count);
  Leaf elementwise(const Type &type, llvm::ArrayRef<Leaf> args,
                   llvm::function_ref<Value(llvm::ArrayRef<Value>)> op);
  /// Buffers become snapshots; the other leaves stay.
  Val frozen(Val v);
  Leaf snapshot(const Leaf &l);
  /// The tensor with exactly these extents: a view where its own are other values.
  Leaf withExtents(const Leaf &l, const std::vector<facts::Expr> &shape);
  Leaf view(const Leaf &l, ValueRange extents);
  llvm::SmallVector<Value> leafExtents(const Leaf &l);
  llvm::SmallVector<Value> frozenWith(Val v, const Type &type);

  // ---- ImportForms.cpp
  tx::ComputeOp makeCompute(mlir::TypeRange results, ValueRange extents, mlir::ArrayAttr axes);
  Val compute(const ComputeExpr &e);
  Val reduce(const ReduceExpr &e);
  /// The leaves of one shape that one tx.reduce combines.
  struct Reduction {
    llvm::SmallVector<unsigned> leaves;
    CombinerForm form;
    std::vector<facts::Expr> shape;
  };
  llvm::SmallVector<Value> reduceFrom(const ReduceExpr &e, size_t axis, const Reduction &r);
  Value presence(const std::vector<facts::Expr> &shape);
  size_t independentAxes(const std::vector<Axis> &domain, const Binders &binders, size_t from);
  Value bound(const Expr *e, const std::optional<facts::Expr> &value);
  void bounds(const std::vector<Axis> &domain, size_t from, size_t to,
              llvm::SmallVectorImpl<Value> &lower, llvm::SmallVectorImpl<Value> &upper);
  void bindBinder(const Decl &d, Value v);
  void yieldElements(const Val &v, const Type &type);

  // ---- ImportPrefix.cpp
  Val scan(const ScanExpr &e);
  Val filter(const FilterExpr &e);
  llvm::SmallVector<Value> boxUppers(llvm::ArrayRef<Axis> domain,
                                     llvm::SmallVectorImpl<Value> &offsets);
  void bindBox(const Binders &binders, ValueRange args, llvm::ArrayRef<Value> offsets);
  llvm::SmallVector<Value> elementsOf(Val v, const Type &type);
  llvm::SmallVector<Value> foundDims(const FnDecl &fn);
  void bindCallDims(const CallExpr &e, mlir::func::CallOp call, size_t leaves);

  // ---- ImportScatter.cpp, ImportSort.cpp
  Val scatter(const ScatterExpr &e);
  llvm::SmallVector<Value> scatterLeaves(const ScatterExpr &e, llvm::ArrayRef<unsigned> leaves,
                                         ValueRange start, bool isUnsigned);
  Val sort(const SortExpr &e);
  Leaf moved(const Leaf &indices, Value by, Value extent);

  // ---- ImportIterate.cpp
  Val loop(const ForExpr &e);
  Val whileLoop(const WhileExpr &e);
  llvm::SmallVector<Value> startValues(const std::vector<Carried> &carried);
  void bindCarried(const std::vector<Carried> &carried, ValueRange args);
  void importStep(const Step &step, const std::vector<Carried> &carried);
  llvm::SmallVector<mlir::Type> iterationTypes(const Expr &e, ValueRange inits, const Step &step);
  Leaf fromEnd(const Leaf &l, ValueRange extents);

  // ---- ImportFacts.cpp
  void verifyFacts(const FnDecl &fn);
  void verifyFact(const Fact &fact, int64_t site);
  void verifyAll(const Fact &fact, int64_t site);
  void verifyPermutation(const Decl &param, int64_t site);
  void verifyRange(const Param &param, int64_t site);
  void makeCheck(ValueRange lower, ValueRange upper, mlir::ArrayAttr axes, int64_t site,
                 llvm::function_ref<Value(ValueRange)> holds);
  void checkEach(Value n, int64_t site, llvm::function_ref<Value(Value)> holds);
  Value holdsEach(llvm::ArrayRef<const Fact::Each *> group);
  Value holdsFrom(const Fact &fact, size_t axis, llvm::ArrayRef<const Fact::Each *> group);
  Value relations(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels);
  Value inSet(const Leaf &value, const std::vector<Span> &set);
  Value both(Value a, Value c);

  // ---- ImportTested.cpp
  /// Facts are tested where they stand: whether all before hold, null before the first one.
  struct Tests {
    Value hold;
  };
  Tests *tests = nullptr;
  Variant variantOf(const CallExpr &e) const;
  bool verifies(const FnDecl &fn, bool isTrusted) const;
  Value testFacts(const FnDecl &fn);
  void testWhereHeld(llvm::function_ref<void()> test);
  void test(ValueRange lower, ValueRange upper, mlir::ArrayAttr axes, int64_t site,
            llvm::function_ref<Value(ValueRange)> holds);
  llvm::SmallVector<Value> whereHeld(const FnDecl &fn, Value held,
                                     llvm::function_ref<llvm::SmallVector<Value>()> body);
  Value standIn(const ResultDecl &r, const Type &leaf, ValueRange extents);

  // ---- ImportChecked.cpp
  void testAssumed(const AssumeStmt &s);
  void testRanges(const FnDecl &fn);
  void testUniform(const CallExpr &e, Value mine, Value first);
  void testInPlace(ValueRange lower, ValueRange upper, mlir::ArrayAttr axes, int64_t site,
                   llvm::function_ref<Value(ValueRange)> holds);
  mlir::ArrayAttr shiftedAxes(const ComputeExpr &e);

  // ---- ImportAccess.cpp
  using Alternative = llvm::function_ref<Value()>;
  Value readElement(const Leaf &base, ValueRange indices, Alternative alternative = nullptr);
  Value zeroOf(ScalarKind k);
  Value insideOf(ValueRange indices, llvm::ArrayRef<Value> extents);
  Value readGuardedBuffer(const Leaf &base, ValueRange indices, Alternative alternative);
  Value readOrFail(const Leaf &base, ValueRange indices, int64_t site);
  Val access(const IndexExpr &e, const Expr *alternative, std::optional<int64_t> failure);
  Val elseExpr(const ElseExpr &e);
  Val reshape(const CallExpr &e);
  /// The indices of an access where its kept axes (slices, and what is not indexed) stand at `at`.
  struct Subscript {
    llvm::SmallVector<Value> fixed; // an axis each: an index, or where a slice begins
    llvm::SmallVector<bool> isKept;
    llvm::SmallVector<Value> at(mlir::OpBuilder &b, Location loc, ValueRange kept,
                                size_t rank) const;
    bool isElement(size_t rank) const;
  };
  Subscript subscript(const IndexExpr &e);
  Leaf copyOfPart(const Leaf &whole, const Subscript &where, const Type &type);
  void copyPart(const Leaf &whole, const Subscript &where, const Leaf &part, ValueRange extents,
                bool isBack);

  // ---- ImportIslands.cpp
  Val block(const Block &body);
  /// What stands before `after`, which may use its names; statements of the parallel level and
  /// what is lent to the function are an island.
  void statements(const std::vector<StmtPtr> &stmts, llvm::ArrayRef<const Expr *> after,
                  llvm::ArrayRef<const Decl *> lent = {});
  void island(const std::vector<StmtPtr> &stmts, size_t first, size_t last,
              llvm::ArrayRef<const Expr *> after, llvm::ArrayRef<const Decl *> lent);
  struct Leaving {
    std::vector<const Decl *> decls, lengths; // lengths: names of dims that are found inside
    DeclSet bounded;
    llvm::SmallVector<facts::Symbol> found;
  };
  Leaving leavingOf(const std::vector<StmtPtr> &stmts, size_t first, size_t last,
                    llvm::ArrayRef<const Expr *> after, llvm::ArrayRef<const Decl *> lent,
                    const std::vector<bool> &isEarly);
  bool collectFound(const std::vector<facts::Expr> &shape, const DeclSet &declared,
                    llvm::SmallVectorImpl<facts::Symbol> &found);
  void bindLeaving(const Leaving &leaving, ValueRange results);
  void storeFound(const Decl &d, const Leaves &into);
  /// The leaves that leave an island, and those of a total view for what is outside.
  Leaves leavingValues(const Val &v);
  Val frozenAs(Val v, const Type &type);

  // ---- ImportInout.cpp
  void bindCallee(const CallExpr &e);
  Val lend(const CallExpr &e);
  llvm::SmallVector<Value> resultsOf(const FnDecl &fn);
  void forgetCallee(llvm::DenseMap<facts::Symbol, SymbolValue> before);
  void bindPattern(const Pattern &p, const Type &t, llvm::ArrayRef<Leaf> leaves);

  // ---- ImportAtomic.cpp, ImportLanes.cpp, ImportAsm.cpp
  Value updated(AssignOp op, ScalarKind k, Value old, Value v);
  Value atomicElement(const Leaf &buffer, ValueRange indices, Value value, AssignOp op);
  void bindOld(const Decl &old, Value value, ScalarKind kind);
  Value laneIndex; // of the `fully par … @lane` around
  Val laneOp(const CallExpr &e);
  void instruction(const AsmExpr &e);

  // ---- ImportStmts.cpp
  llvm::DenseMap<const Decl *, Leaves>
      resultBuffers;                    // declared in the island at hand, and seen after it
  std::vector<facts::Expr> keptExtents; // of the place that the next `store` writes
  void statement(const Stmt &s);
  void let(const LetStmt &s);
  void buffer(const BufferStmt &s);
  void assign(const AssignStmt &s);
  void parallel(const ParStmt &s, size_t axis);
  void sequential(const SeqStmt &s, size_t axis);
  void conditional(const IfStmt &s);
  void inBody(const Block &body);
  Leaves place(const Expr &e);
  void store(const Leaf &buffer, const Subscript &where, const Leaf &value, AssignOp op,
             const AssignStmt *atomic = nullptr);
  void storeElement(const Leaf &buffer, ValueRange indices, Value value, AssignOp op,
                    const AssignStmt *atomic = nullptr);
  void forall(ValueRange extents, llvm::function_ref<void(ValueRange)> body);
};

/// The operator in tx, and whether it compares without signs.
std::pair<tx::Combine, bool> combineOf(const CombineOp &op, ScalarKind k);

/// Every declaration that the tree refers to.
void collectUses(const Expr *e, DeclSet &uses);
void collectUses(const Stmt &s, DeclSet &uses);

/// The number of leaves of a type, and the leaves themselves.
size_t leafCount(const Type &t);
std::vector<const Type *> leavesOf(const Type &t);

} // namespace texpr::importer
