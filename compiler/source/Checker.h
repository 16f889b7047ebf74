// The checker's state and its pieces; private to `source/Check*.cpp`.
//
// One walk over a function settles names, types, values, bounds, initialization and races together,
// since each needs what is known at that point: the scopes, the facts in force and the loops
// around. The pieces by file:
//   Check.cpp            declarations, names of the C header, ops, calls that form a cycle
//   CheckDimBinding.cpp  how each dim of a signature gets its value
//   CheckSignature.cpp   parameters, results, `where`: what is tested at entry
//   CheckDims.cpp        expressions of dims, extents and their bounds
//   CheckScopes.cpp      scopes, assumptions, symbols
//   CheckTypes.cpp       equality, printing, literals
//   CheckValues.cpp      expressions and conditions as facts, without wrapping
//   CheckBounds.cpp      bounds of what is made of floats, and of sums
//   CheckExpr.cpp        operators, choice, blocks
//   CheckCalls.cpp       functions, builtins, conversions
//   CheckForms.cpp       compute, reduce
//   CheckIterate.cpp     for, while
//   CheckViews.cpp       `else`: guarded accesses, total views
//   CheckInout.cpp       calls that change their arguments
//   CheckPrefix.cpp      scan, filter, dims that are found while running
//   CheckRagged.cpp      how many points a domain has at most
//   CheckScatter.cpp     scatter: places in range, and distinct
//   CheckSort.cpp        argsort, top
//   CheckIndex.cpp       accesses and their bounds
//   CheckStmt.cpp        let, buffers, stores, par, seq, if
//   CheckInit.cpp        every element that is read is written
//   CheckRaces.cpp       iterations of a par touch distinct elements
//   CheckAtomic.cpp      `atomic`
//   CheckLanes.cpp       scopes, `fully par`, what lanes do together
//   CheckUniform.cpp     which values differ between lanes
//   CheckAsm.cpp         `asm`, `wait`
//   CheckAttrs.cpp       attributes
//   CheckEnsure.cpp      promises of `ensure`
//   CheckFacts.cpp       facts on data: what is verified, and what is known of an element by it
//   CheckCallFacts.cpp   what a callee verifies, proved of its arguments
//   CheckElements.cpp    elements where facts on data are used: order, instances, coverage
//   CheckRanges.cpp      ranges of values and permutations, proved where they are no parameter's
//   CheckStructs.cpp     structs as types and values, their operators
//   CheckGenerics.cpp    instances of generic functions and ops
#pragma once
#include "compiler/source/Builtins.h"
#include "compiler/source/CheckState.h"
#include "compiler/source/Walk.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <tuple>

namespace texpr {

class Checker {
public:
  Checker(Program &program, const SourceFiles &files, Diagnostics &diags, CheckedProgram &out)
      : program(program), files(files), diags(diags), out(out), facts(*out.facts) {}
  void run();

private:
  using Constraint = facts::Constraint;
  using Cases = std::vector<std::vector<Constraint>>;
  using Rel = facts::Rel;
  using FExpr = facts::Expr;

  Program &program;
  const SourceFiles &files;
  Diagnostics &diags;
  CheckedProgram &out;
  facts::Facts &facts;

  // ---- Check.cpp
  llvm::StringMap<FnDecl *> fnByName;
  llvm::StringMap<OpDecl *> opByName;
  std::map<const FnDecl *, FnInfo> fnInfo;
  std::set<const OpDecl *> badOps;
  struct CallEdge {
    std::string callee;
    SourceRange range;
  };
  std::map<std::string, std::vector<CallEdge>> calls; // by the name of the caller
  std::vector<FnDecl *> bodyOrder;                    // callees first
  const FnDecl *currentFn = nullptr;
  bool isPartial = false;       // there were syntax errors
  std::set<std::string> broken; // functions and ops that have one
  void passOverBroken();
  void declareFns();
  void declareOps();
  void checkCNames();
  void checkCParams(const FnDecl &fn);
  void checkOpSignature(OpDecl &op);
  void checkOpBody(OpDecl &op);
  void checkOpCalls(OpDecl &op);
  void checkFnBody(FnDecl &fn);
  std::vector<CallEdge> callsOf(Block *body) const;
  void checkCycles();
  void notYet(SourceRange range, const std::string &what);

  // ---- CheckSignature.cpp, CheckDimBinding.cpp
  static void collectShapes(TypeExpr &t, std::vector<ExprPtr *> &out);
  void checkSignature(FnDecl &fn);
  void enterSignature(FnDecl &fn);
  void declareParams(FnDecl &fn);
  void declareDims(FnDecl &fn);
  void addDim(FnDecl &fn, const NameExpr &use);
  void bindDims(FnDecl &fn);
  bool bindByAxes(FnDecl &fn, bool bareOnly);
  bool defineByWhere(FnDecl &fn);
  bool isLinearIn(FnDecl &fn, ExprPtr &extent, const Decl &dim);
  void checkTypes(FnDecl &fn);
  void checkExtents(FnDecl &fn);
  void checkExtent(FnDecl &fn, ExprPtr &extent);
  bool isSupportedFact(const Fact &fact);
  void collectWhere(FnDecl &fn);
  void requireWhere(FnDecl &fn, bool withDivision);
  void requireScalarDims(FnDecl &fn);
  void requireDivisors(FnDecl &fn);
  void checkRanges(FnDecl &fn);
  void checkScalarRange(FnDecl &fn, Param &p);
  void require(FnDecl &fn, Constraint c, SourceRange range, std::string text, bool prior = false);
  void tighten(const Constraint &c);
  void assumeBytes(const Type &t);
  std::optional<Type> resolveType(TypeExpr &t, bool inSignature);
  std::set<const Decl *> unbound;     // dims of the signature at hand
  std::set<const Fact *> definitions; // facts of `where` that define a dim
  std::vector<WherePart> whereParts;  // of the signature at hand
  unsigned priorChecks = 0;
  struct Divisor {
    FExpr value;
    SourceRange range;
  };
  std::vector<Divisor> divisors; // of the signature at hand, in the order of evaluation

  // ---- CheckDims.cpp
  /// A dim expression of a signature: dims, integer parameters, literals and `+ - * / % min max`,
  /// with unbounded meaning.
  std::optional<FExpr> signatureDim(ExprPtr &e);
  /// The unbounded value of a checked expression that is over dims alone, where it is one.
  /// `divisors` collects.
  std::optional<FExpr> exactDim(const Expr &e, std::vector<Divisor> *found = nullptr) const;
  bool isDimExpr(const FExpr &e) const;
  /// An extent or loop bound in a body, as an integer; adds entry checks for what dims must
  /// satisfy.
  std::optional<FExpr> bodyBound(ExprPtr &e);
  /// An upper (or lower) bound of `e` over dims alone.
  std::optional<FExpr> dimBound(const FExpr &e, bool upper, unsigned depth = 0) const;
  std::map<const Decl *, FExpr>
      exactLet; // lets whose value is one of dims, without regard to wrapping

  // ---- CheckScopes.cpp
  std::vector<llvm::StringMap<Decl *>> scopes;
  std::vector<Frame> frames;
  std::vector<SymbolInfo> symbols;
  KnownList known;
  struct Scope { // scopes of names
    Checker &c;
    explicit Scope(Checker &c) : c(c) { c.scopes.emplace_back(); }
    ~Scope() { c.scopes.pop_back(); }
  };
  struct Assuming { // what is assumed within
    Checker &c;
    KnownList before;
    size_t undoMark;
    explicit Assuming(Checker &c) : c(c), before(c.known), undoMark(c.undo.size()) {
      c.facts.push();
    }
    ~Assuming() {
      c.known = before;
      c.facts.pop();
      for (; c.undo.size() > undoMark; c.undo.pop_back())
        c.undo.back()();
    }
  };
  std::vector<std::function<void()>> undo; // of what `assume` says of whole tensors
  Decl *lookUp(llvm::StringRef name) const;
  void declare(Decl &d);
  void declareList(const Binders &binders);
  std::string nearName(llvm::StringRef name, bool functions) const;
  void unknownName(const Ident &name, bool isCall);
  FExpr newSymbol(std::string name, facts::Range range, SymbolInfo::Kind kind,
                  const Expr *source = nullptr);
  FExpr freshFor(const Expr &e, facts::Range range);
  void assume(const Constraint &c);
  void assume(const Formula &f);
  void assumeCases(const Cases &cases);
  bool isProved(const Constraint &c);
  bool isProved(const std::vector<Constraint> &cs);

  // ---- CheckTypes.cpp
  std::string str(const Type &t) const;
  std::string str(const FExpr &e) const { return facts.str(e); }
  std::string text(SourceRange r) const;
  bool sameExtent(const FExpr &a, const FExpr &b);
  bool sameShape(const Type &a, const Type &b);
  /// Equal up to extents that are proved equal.
  bool sameType(const Type &a, const Type &b);
  bool sameScalars(const Type &a, const Type &b) const;
  bool isFlexible(const Expr *e) const;
  void checkLiteral(IntLitExpr &e, const Type *expected);
  void checkLiteral(FloatLitExpr &e, const Type *expected);
  bool refuseF8(const Type &t, SourceRange range, const std::string &what);
  /// False, with an error at `e`: what is given is not of type `want`.
  bool expectType(const Expr &e, const Type &want, const std::string &what);
  /// False, with an error at `range`: a tuple or struct of more parts than one may have.
  bool expectFewParts(const Type &t, SourceRange range);
  void mismatch(SourceRange range, const Type &a, const Type &b, const std::string &what,
                const Expr *lhs, const Expr *rhs);

  // ---- CheckValues.cpp
  static facts::Range rangeOf(ScalarKind k);
  facts::Range interval(const FExpr &e, unsigned depth = 0) const;
  facts::Range productInterval(std::vector<FExpr> parts, unsigned depth) const;
  std::map<size_t, facts::Range>
      bounded; // extents that are sums or products: at most 2^47, by the hash of the expression
  bool fits(const FExpr &e, ScalarKind k);
  FExpr fitOrFresh(const FExpr &e, ScalarKind k, const Expr &source);
  /// One unknown for each operation on the same values: what is said of it holds wherever it is written again.
  FExpr unknownOf(const Expr &e, unsigned operation, const FExpr &a, const FExpr &b,
                  facts::Range range);
  std::map<std::tuple<unsigned, ScalarKind, size_t, size_t>, FExpr> unknowns;
  void setFreshValue(Expr &e);
  void valueOfBinary(BinaryExpr &e);
  FExpr valueOfBits(BinaryExpr &e, const FExpr &a, const FExpr &b, ScalarKind k); // CheckBits.cpp
  std::optional<FExpr> powerOfTwo(const FExpr &by);
  void valueOfUnary(UnaryExpr &e);
  void valueOfConversion(CallExpr &e);
  void valueOfBuiltin(CallExpr &e, const BuiltinInfo &info);
  void valueOfChoice(Expr &e, const Formula &cond, const Expr &a, const Expr &b);
  Formula formula(const Expr &e) const;
  std::map<const Decl *, Formula> boolLets;

  // ---- CheckBounds.cpp
  FloatRange floatRange(const Expr &e) const;
  FloatRange floatRangeOfCall(const CallExpr &e) const;
  facts::Range truncated(const Expr &from, ScalarKind k) const;
  void valueOfSum(ReduceExpr &e);
  std::map<const Decl *, FloatRange> floatRanges; // of each scalar `let`, from where it stands

  // ---- CheckExpr.cpp
  void checkExpr(ExprPtr &e, const Type *expected = nullptr);
  void dispatch(Expr &e, const Type *expected);
  void checkName(NameExpr &e, const Type *expected, bool isPlace = false);
  void checkScalarConst(ScalarConstExpr &e);
  void checkUnary(UnaryExpr &e, const Type *expected);
  void checkBinary(BinaryExpr &e, const Type *expected);
  void checkLogic(BinaryExpr &e);
  void checkShift(BinaryExpr &e, const Type *expected);
  void checkPair(ExprPtr &a, ExprPtr &b, const Type *expected);
  /// The shape of an elementwise operation on `args`; nothing after an error.
  std::optional<std::vector<FExpr>> commonShape(const std::vector<Expr *> &args, SourceRange range,
                                                const std::string &what);
  std::optional<std::vector<FExpr>> commonShapeOf(const std::vector<const Type *> &leaves,
                                                  SourceRange range, const std::string &what);
  void typePath(Expr &e);
  Decl *bufferUnder(const Expr &e, const IndexExpr *&access, std::vector<unsigned> &path) const;
  void checkField(FieldExpr &e, bool isPlace = false);
  void checkTuple(TupleExpr &e, const Type *expected);
  void checkList(ListExpr &e, const Type *expected);
  void checkBlockExpr(BlockExpr &e, const Type *expected);
  void checkBlockValue(Block &b, const Type *expected, const std::string &what);
  void checkIf(IfExpr &e, const Type *expected);
  bool checkCondition(ExprPtr &e);
  void checkMethod(const MethodCallExpr &e);

  // ---- CheckCalls.cpp
  void checkCall(CallExpr &e, const Type *expected);
  void checkConversion(CallExpr &e, ScalarKind to);
  void checkBuiltin(CallExpr &e, const BuiltinInfo &info, const Type *expected);
  void checkSelect(CallExpr &e, const Type *expected);
  void checkBitcast(CallExpr &e);
  void checkReshape(CallExpr &e);
  void checkWide(CallExpr &e, const Type *expected);
  void checkFnCall(CallExpr &e, FnDecl &callee);
  void finishCall(CallExpr &e, FnDecl &fn, const llvm::DenseMap<facts::Symbol, FExpr> &solved,
                  const std::vector<FExpr> &outer);
  /// False, with an error at `range`: another number of arguments than `fn` has parameters.
  bool expectCount(size_t given, const FnDecl &fn, SourceRange range);
  bool solveDims(CallExpr &e, FnDecl &fn, llvm::DenseMap<facts::Symbol, FExpr> &known);
  bool checkFnArgs(CallExpr &e, FnDecl &fn, llvm::DenseMap<facts::Symbol, FExpr> &known);
  bool isByElement(const CallExpr &e, const FnDecl &fn) const;
  std::optional<std::vector<FExpr>> checkElementArgs(CallExpr &e, FnDecl &fn,
                                                     llvm::DenseMap<facts::Symbol, FExpr> &known);
  void proveRequired(CallExpr &e, FnDecl &fn, const llvm::DenseMap<facts::Symbol, FExpr> &known);
  void checkOpCall(CallExpr &e, OpDecl &declared);
  bool refuseFactCall(const CallExpr &e);

  // ---- CheckForms.cpp
  bool checkDomain(std::vector<Axis> &domain, const Binders &binders, bool independent,
                   const char *form, Frame &frame);
  void checkAxis(Axis &axis);
  void bindAxis(const Axis &axis, Decl &binder, Frame &frame);
  FExpr lengthOf(FExpr lo, FExpr hi);
  void noteScalars(Diagnostics::Entry error, const std::vector<FExpr> &values) const;
  bool checkExtentIsDim(const FExpr &extent, SourceRange range, const Axis *axis, const Expr *expr);
  void checkCompute(ComputeExpr &e, const Type *expected);
  void checkReduce(ReduceExpr &e, const Type *expected);
  void checkTerms(ReduceExpr &e, const Type *expected);
  bool checkCombine(CombineOp &op, const Type &value, SourceRange range);
  bool insideForm() const;

  /// What a store covers.
  struct Place {
    Decl *buffer = nullptr;
    std::vector<unsigned> path;
    std::vector<FExpr> at;
    std::vector<Loop> slices; // of `at`: what a slice or a whole axis covers
  };

  // ---- CheckIterate.cpp
  void checkFor(ForExpr &e, const Type *expected);
  void checkWhile(WhileExpr &e, const Type *expected);
  void checkCarried(std::vector<Carried> &carried, bool keeps, const Type *expected);
  void bindCarried(std::vector<Carried> &carried);
  bool checkStep(Step &step, std::vector<Carried> &carried, const Type &want);
  void finishIteration(Expr &e, const std::vector<Carried> &carried, const Step &step,
                       const Type &state, const FExpr &length, facts::Symbol mark);
  /// The integer that leaf `leaf` of a value is, where it is known.
  std::optional<FExpr> leafValue(const Expr &e, size_t leaf) const;
  std::map<const Expr *, std::vector<std::optional<FExpr>>> leafValues; // of forms and calls
  std::map<const Decl *, std::pair<const Expr *, size_t>> letInit;      // a `let`: leaf of a value
  std::map<const Expr *, KnownList> knownAt; // the values of branches: what is known there
  struct RangeFault {                        // where a range is not proved, and what of it
    const Expr *at = nullptr;
    std::string why;
  };
  bool isInRange(const RType &r, const Expr &e, size_t leaf, RangeFault &fault);
  bool isInRangeWithin(const RType &r, const Expr *branch, size_t leaf, RangeFault &fault);
  int64_t addSite(const Expr &e, std::string text);

  // ---- CheckInout.cpp
  const Expr *wholeRight = nullptr; // all of the right side of the statement at hand: it may lend
  void checkCallStmt(CallStmt &s);
  struct Lent {
    Place place;
    SourceRange range;
    unsigned param = 0;
  };
  bool isLending(const Expr *e, bool withoutResult = false) const;
  void nameLending(std::vector<StmtPtr> &stmts, ExprPtr &value);
  void refuseLending(const CallExpr &e, const FnDecl &fn);
  void checkLendingCall(CallExpr &e, FnDecl &fn, const std::set<const Expr *> &done);
  bool checkLentRange(const CallExpr &e, const FnDecl &fn, const Lent &lent,
                      const llvm::DenseMap<facts::Symbol, FExpr> &solved);
  bool checkInoutArg(ExprPtr &arg, std::vector<Lent> &lent);
  void checkInoutParams(FnDecl &fn);
  void enterInout(FnDecl &fn);
  void coverWhole(Place &place, const Type &t);
  static bool hasInout(const FnDecl &fn);

  // ---- CheckViews.cpp
  void checkElse(ElseExpr &e, const Type *expected);
  void checkTotalView(ElseExpr &e);

  // ---- CheckPrefix.cpp
  void checkScan(ScanExpr &e, const Type *expected);
  void checkFilter(FilterExpr &e, const Type *expected);

  // ---- CheckRagged.cpp
  bool isRagged(const std::vector<Axis> &domain, const Binders &binders) const;
  bool varies(const FExpr &e, facts::Symbol index) const;
  struct RowPlaces {
    FExpr lo, hi;
    bool inOrder; // each of lo..hi once; else some of them, at most once
  };
  std::optional<RowPlaces> placesOf(const Loop &loop, const ElementSymbol &row) const;
  std::optional<FExpr> series(const Loop &loop, const FExpr &terms);
  std::optional<FExpr> statedLength(const FExpr &length);
  std::optional<FExpr> sumOfRows(const Loop &loop, const FExpr &terms);
  std::optional<TensorFacts> keptFacts(const FilterExpr &e, size_t leaf,
                                       std::optional<TensorFacts> known) const;
  std::optional<FExpr> pointsFrom(const Loop &loop, const FExpr &length, const FExpr &inner,
                                  const std::optional<FExpr> &stated);
  std::optional<FExpr> mostPoints(const std::vector<Axis> &domain, const Frame &frame,
                                  std::vector<std::optional<FExpr>> &ofAxis);
  /// The box that a form with results by index stacks on its values; nothing after an error.
  std::optional<std::vector<FExpr>> boxOf(std::vector<Axis> &domain);
  /// Over dims and lengths that are found while running.
  bool isRunningDim(const FExpr &e) const;
  FExpr newFoundDim(std::string name, const FExpr &bound);
  bool usesFound(const FExpr &e) const;
  bool mayFindDims(const FnDecl &fn) const;
  bool bindFoundDims(FnDecl &fn);
  void reportUnbound(FnDecl &fn, const DimBinding &dim);
  bool settleFoundDims(FnDecl &fn, const Type &value);
  void provePromised(FnDecl &fn);
  void boundFoundLets(const std::vector<StmtPtr> &stmts, const std::vector<const Expr *> &after);
  void declareFoundDims(LetStmt &s);
  bool settleFoundDims(LetStmt &s);
  void findCallDims(CallExpr &e, FnDecl &fn, llvm::DenseMap<facts::Symbol, FExpr> &known);

  // ---- CheckScatter.cpp
  void checkScatter(ScatterExpr &e, const Type *expected);
  std::optional<std::vector<FExpr>> checkScatterShape(ScatterExpr &e);
  bool checkPlaces(ScatterExpr &e, const std::vector<FExpr> &shape, std::vector<FExpr> &at);
  void proveDistinct(ScatterExpr &e, const Frame &frame, const std::vector<FExpr> &shape,
                     const std::vector<FExpr> &at);
  bool areDistinct(const Frame &frame, const std::vector<FExpr> &at);
  bool assumeEqualIndices(facts::Symbol mark, const std::vector<FExpr> &about);

  // ---- CheckSort.cpp
  void checkSort(SortExpr &e, const Type *expected);
  bool checkSortKey(ExprPtr &key, SortExpr &sort);
  bool isSmallTop(SortExpr &e, const FExpr &length);
  /// What is known of the indices that a sort gives.
  TensorFacts sortFacts(const SortExpr &e) const;

  // ---- CheckIndex.cpp
  bool isStore = false; // of the access at hand
  void checkIndex(IndexExpr &e, bool covered, bool isPlace = false, bool reads = true);
  bool checkIndexArgs(IndexExpr &e, std::vector<FExpr> &at);
  void proveIndex(IndexExpr &e, unsigned axis, const FExpr &extent);
  void proveSlice(IndexExpr &e, unsigned axis, const FExpr &extent);
  const Expr *wrappingPart(const FExpr &index) const;
  void reportBounds(const IndexExpr &e, unsigned axis, const Expr &index, const Constraint &failed,
                    const facts::Answer &answer, const FExpr &extent);
  void valueOfElement(IndexExpr &e, const std::vector<FExpr> &at);
  bool checkGuardedSlice(IndexArg &arg, const FExpr &lo, const FExpr &hi);
  bool spreadsTo(const Type &v, const Type &t);
  FExpr anyIndex(const Decl &d, FExpr lo, FExpr hi);
  std::vector<FExpr> bufferElement(const IndexExpr &e, const Decl &d);
  bool restsOnData(const FExpr &e) const;
  std::string counterExample(const facts::Answer &a, const std::vector<FExpr> &about) const;
  static const NameExpr *rootName(const Expr &e, std::vector<unsigned> &path);
  Cases rangeCases(const RType &r, const FExpr &value) const;

  // ---- CheckStmt.cpp
  bool inSignature = false;
  void checkBlock(Block &b, const Type *expected);
  void checkStmts(std::vector<StmtPtr> &stmts);
  void checkStmt(Stmt &s);
  void checkLet(LetStmt &s);
  void bindPattern(Pattern &p, const Type &t, const Expr *init, llvm::StringMap<SourceRange> &seen,
                   size_t leaf = 0); // of `init`
  bool checkRange(RType &r, const Type &t, const std::string &what);
  void proveRange(const RType &r, const Expr &e, const std::string &what, size_t leaf = 0);
  void checkBuffer(BufferStmt &s);
  bool checkBufferExtents(BufferStmt &s, const Type &t);
  bool checkPlace(Expr &e, Place &place);
  bool mayWrite(const Place &place, SourceRange range);
  void checkAssign(AssignStmt &s);
  bool checkAssignOp(const AssignStmt &s, const Type &t);
  void checkPar(ParStmt &s);
  void checkSeq(SeqStmt &s);
  void checkIfStmt(IfStmt &s);

  // ---- CheckInit.cpp
  std::map<const Decl *, BufferInfo> buffers;
  std::vector<Access> pending; // reads that an earlier iteration of an open `seq` may have written
  using Marks = std::map<const Decl *, size_t>;
  void readBuffer(const Decl &d, std::vector<unsigned> path, std::vector<FExpr> at,
                  SourceRange range);
  void readWhole(const Decl &d, const std::vector<unsigned> &path, SourceRange range);
  void writeBuffer(const Decl &d, std::vector<unsigned> path, std::vector<FExpr> at,
                   std::vector<Loop> slices, SourceRange range, bool disjoint);
  void recordAccess(Access access);
  void assumeIndices(const std::vector<FExpr> &at);
  bool isWritten(const std::vector<Written> &written, const std::vector<unsigned> &path,
                 const std::vector<FExpr> &at);
  std::optional<std::vector<Constraint>> witness(const Written &w, const std::vector<FExpr> &at);
  bool solveDigits(const std::vector<FExpr> &indices, const std::vector<FExpr> &target,
                   std::map<facts::Symbol, FExpr> &solved,
                   const std::set<facts::Symbol> &open) const;
  bool solveAxis(const FExpr &index, const FExpr &target, std::map<facts::Symbol, FExpr> &solved,
                 const std::set<facts::Symbol> &open, const std::vector<Loop> &loops) const;
  bool mayBeCarried(const BufferInfo &b) const;
  void settlePending(size_t first, const Marks &marks, const Frame &seq);
  std::vector<Written> writtenBefore(const BufferInfo &b, size_t mark, const Frame &seq);
  std::optional<Written> inEarlierIteration(Written w, const Frame &seq, size_t axis);
  Marks writtenMarks() const;
  void closeLoops(const Marks &marks, const std::vector<Loop> &loops);
  bool isWrittenToo(const Written &w, const std::vector<Written> &other);
  void guardWritten(const Marks &marks, const Marks &middle, const Formula &cond);
  std::map<const Decl *, std::vector<Written>> setWrittenAside(const Marks &marks);
  void putWrittenBack(const Marks &marks, std::map<const Decl *, std::vector<Written>> aside);
  void reportUnwritten(const Decl &d, SourceRange range);

  // ---- CheckRaces.cpp
  std::vector<Access> accesses;
  std::map<facts::Symbol, FExpr> otherIteration; // of the par at hand
  void checkRaces(const Frame &par);
  bool isRaceFree(const Frame &par, const Access &a, const Access &b, facts::Answer &answer,
                  size_t &binder);
  void reportRace(const Frame &par, const Access &a, const Access &b, const facts::Answer &answer,
                  size_t binder);
  FExpr inOtherIteration(const FExpr &e, facts::Symbol mark);

  // ---- CheckFacts.cpp
  /// By tensor, path of parts and indices; an entry stays where it is.
  std::map<std::pair<const Decl *, std::vector<size_t>>, ElementSymbol> elements;
  std::map<facts::Symbol, ElementSymbol *> elementOf;
  std::map<const Decl *, std::vector<ElementSymbol *>> elementsOf;
  std::map<const Decl *, TensorFacts> tensorFacts;
  std::map<const Decl *, const Decl *> aliasOf; // `let r = row;`
  std::map<const Decl *, std::vector<AllFact>> allFacts;
  static bool isDataFact(const Fact &fact);
  void checkDataFacts(FnDecl &fn);
  bool checkDataFact(Fact &fact, const std::string &what, AllFact &all);
  bool checkFactChain(std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels,
                      std::vector<Cases> &conditions);
  const Decl *checkSorted(Fact &fact);
  bool checkAllFact(Fact &fact, AllFact &all);
  bool checkEach(Fact::Each &each, std::vector<Cases> &conditions);
  void addDataCheck(DataCheck check, SourceRange range, std::string text);
  bool refuseOfLent(const FnDecl &fn, Fact &fact);
  void enterDataFacts(FnDecl &fn);
  unsigned choiceDepth = 0; // `if` statements around
  void checkFactsOfCall(const CallExpr &e, const FnDecl &fn,
                        const llvm::DenseMap<facts::Symbol, FExpr> &solved); // CheckCallFacts.cpp
  bool isFactKnown(const CallExpr &e, const FnDecl &fn, const CallFact &fact,
                   const llvm::DenseMap<facts::Symbol, FExpr> &solved);
  const ResultDecl *openResult(const FnDecl &fn,
                               const llvm::DenseMap<facts::Symbol, FExpr> &solved);
  bool mayEndHere(const FnDecl &fn) const;
  void checkTestedCall(const CallExpr &e, const FnDecl &fn, const CallFact &open,
                       const llvm::DenseMap<facts::Symbol, FExpr> &solved);
  const Decl *trustedTensor(const CallExpr &e, const FnDecl &fn, const Decl *param) const;
  void keepCallFact(const FnDecl &fn, const Fact *fact, const Decl *vector, AllFact all);
  void checkAssume(AssumeStmt &s);
  void assumeWritten(const CallExpr &e);
  const Decl *tensorNamed(const Expr &e) const;

  // ---- CheckElements.cpp
  ElementSymbol &elementAt(const Decl &d, const std::vector<unsigned> &path,
                           const std::vector<FExpr> &at, ScalarKind k, std::string name,
                           const Expr *source);
  void assumeElement(ElementSymbol &e, unsigned depth = 0);
  bool isInForce(const KnownList &list) const;
  void orderElement(ElementSymbol &e);
  void instantiate(const AllFact &fact, const ElementSymbol &e, unsigned depth);
  void setSorted(const Decl &d);
  std::optional<FExpr> elementBound(facts::Symbol s, bool upper) const;
  void relateElements(facts::Symbol mark, const std::vector<std::vector<const Known *>> &known,
                      const std::vector<std::vector<FExpr>> &at);
  bool isMadeOfData(const FExpr &e) const;
  std::optional<std::pair<facts::Symbol, FExpr>> rowWith(const Loop &loop, const FExpr &index,
                                                         const std::vector<Loop> &loops,
                                                         const std::set<facts::Symbol> &open);
  std::optional<FExpr> inverseOf(const FExpr &element, const FExpr &target);

  // ---- CheckRanges.cpp
  /// A range or `perm` that the values of an expression are to have; handed to its parts.
  struct Goal {
    const RType *range = nullptr;
    std::string what;
    std::vector<FExpr> fills;     // of a scalar: the extents of what it fills
    std::optional<unsigned> part; // of a tuple: which part of it
  };
  std::map<const Expr *, std::vector<Goal>> goals;
  void addGoal(const Expr *e, Goal goal);
  void setGoal(const Expr *e, const RType &range, std::string what, const Type *place = nullptr,
               std::optional<unsigned> part = std::nullopt);
  void setResultGoals(const FnDecl &fn);
  void setCarriedGoals(const Step &step, const std::vector<Carried> &carried);
  bool checkBufferRange(BufferStmt &s, const Type &t);
  void proveStored(const AssignStmt &s, const Decl &buffer);
  std::map<const Decl *, const RType *> bufferRange;
  void checkScalarCases(FnDecl &fn, Param &p, const Cases &cases);
  std::string setText(const RType &r) const;
  void passGoal(Expr &e);
  void settleGoals(const Expr &e);
  void settleGoal(const Expr &e, const Goal &goal);
  /// Of leaf `leaf` of what `e` gives.
  std::optional<TensorFacts> factsOf(const Expr &e, size_t leaf = 0) const;
  std::optional<TensorFacts> accessFacts(const IndexExpr &e, size_t leaf, bool isCovered) const;
  std::optional<TensorFacts> coveredFacts(const ElseExpr &e, size_t leaf) const;
  std::optional<TensorFacts> carriedFacts(const std::vector<Carried> &carried, const Step &step,
                                          size_t leaf) const;
  std::optional<TensorFacts> stackFacts(const Expr &value, size_t leaf) const;
  std::optional<TensorFacts> resultFacts(const CallExpr &e, size_t leaf) const;
  void setFacts(const Decl &d, const RType *declared, const Expr *init, size_t leaf = 0);
  TensorFacts declaredFacts(const RType &r) const;
  Cases rangeCases(const TensorFacts &f, const FExpr &value) const;
  bool isProvedAny(const Cases &cases);

  // ---- CheckAtomic.cpp
  std::optional<AssignOp> atomicAccess; // the operator of the `atomic` whose place is recorded
  bool checkAtomic(const AssignStmt &s);
  bool isNondeterministicHere() const;

  // ---- CheckLanes.cpp
  std::vector<size_t> segmentOf = {0}; // a forest: segments that no barrier surely separates
  std::vector<Marks> fullMarks;        // what is written where each `fully par` around begins
  void settleAtBarrier(const Frame &full, const Marks &marks);
  const Frame *fullAround(SourceRange range, const std::string &what);
  size_t findSegment(size_t s);
  size_t newSegment();
  void joinSegments(size_t a, size_t b);
  /// The segments of the frames in force, to be joined with those at the end of a loop or branch.
  std::vector<size_t> segmentsHere() const;
  void joinSegmentsHere(const std::vector<size_t> &others);
  void restoreSegments(const std::vector<size_t> &segments);
  void checkScope(ParStmt &s, Frame &frame);
  void checkFullPar(ParStmt &s);
  void checkPlacement(BufferStmt &s, const Type &t);
  void checkBarrier(BarrierStmt &s);
  bool checkLaneCall(CallExpr &e, const Type *expected);
  void checkUniformity(ParStmt &s); // CheckUniform.cpp

  // ---- CheckAsm.cpp
  void checkAsm(AsmExpr &e);
  void checkAsm(AsmExpr &e, const Block *runs, bool isFirst);
  void checkAsmOperand(AsmOperand &o, bool hasBlock);
  void writeOfAsm(const Place &place, SourceRange range, bool hasBlock);
  void checkWait(WaitStmt &s);
  llvm::StringSet<> asyncGroups; // of the function at hand

  // ---- CheckStructs.cpp
  llvm::StringMap<StructDecl *> structByName;
  std::map<std::pair<std::string, const StructDecl *>, OpDecl *> structOps; // by sign and operand
  void declareStructs();
  std::set<const StructDecl *> isBadStruct;
  bool resolveStruct(StructDecl &s, std::vector<StructDecl *> &path);
  std::optional<Type> fieldType(TypeExpr &t, std::vector<StructDecl *> &path);
  void expandTypes();
  void expandTypes(FnDecl &fn);
  void expandTypes(OpDecl &op);
  void expandType(TypeExpr &t);
  void declareOperator(OpDecl &op);
  void settleStructs(ExprPtr &e);
  void checkStructValue(StructExpr &e);
  bool checkStructOperands(BinaryExpr &e, const std::string &sign);
  OpDecl *structOp(const std::string &sign, const Type &t, SourceRange range);
  OpDecl *combinerOfStruct(const std::string &name, const Type &t, SourceRange range);
  static bool holdsStruct(const Type &t);
  void makeUpdate(AssignStmt &s);
  std::optional<unsigned> partNamed(const Type &t, const std::string &name) const;
  /// The index of each part in a chain of parts and accesses of a name; its type but for extents.
  const Type *resolveParts(Expr &e);
  std::string partsText(const Type &t) const;

  // ---- CheckGenerics.cpp
  /// All that belongs to the function at hand: set aside while another one is checked.
  struct Suspended;
  std::map<std::string, FnDecl *> fnInstances;
  std::map<std::string, OpDecl *> opInstances;
  std::vector<std::unique_ptr<FnDecl>> newFns;
  std::vector<std::unique_ptr<OpDecl>> newOps;
  std::set<const FnDecl *> badGenerics;
  using TypeArgs = std::vector<std::optional<ScalarKind>>;
  bool isOfLibrary(SourceRange r) const; // of the standard library, which has tests of its own
  void declareGenerics();
  void settleGenerics();
  void dropUncalled();
  bool checkTypeParams(const std::vector<TypeParam> &params);
  bool typeArguments(const CallExpr &e, const std::vector<TypeParam> &params, TypeArgs &out);
  bool inferFrom(const TypeExpr &written, const Type &given, const std::vector<TypeParam> &params,
                 TypeArgs &out, SourceRange range);
  bool isComplete(const std::vector<TypeParam> &params, const TypeArgs &args, const Ident &name,
                  SourceRange range);
  FnDecl *instantiate(FnDecl &fn, const TypeArgs &args, SourceRange range);
  OpDecl *instantiate(OpDecl &op, const TypeArgs &args, SourceRange range);
  static bool mentionsOpen(const TypeExpr &t, const std::vector<TypeParam> &params,
                           const TypeArgs &args);
  FnDecl *instanceFor(CallExpr &e, FnDecl &fn, std::set<const Expr *> &done);
  OpDecl *instanceFor(OpDecl &op, const Type &value, SourceRange range);

  // ---- CheckAttrs.cpp
  enum class AttrPlace { Fn, Form, For, Par, Seq, Buffer, Assign };
  void checkAttrs(const Attrs &attrs, AttrPlace place, const Binders *binders, const Block *body);
  void unknownAttr(const Attr &a);
  void checkAttr(const Attr &a, AttrPlace place, const llvm::StringSet<> &axes);
  void checkTasks(const Attr &a);
  void checkNumbers(const Attr &a);
  void checkClasses(const Attr &a);
  void checkAxes(const Attr &a, bool sizes, AttrPlace place, const llvm::StringSet<> &axes);
  void checkEnsure(const FnDecl &fn); // CheckEnsure.cpp
  void checkSpecialize(const FnDecl &fn);
  static bool hasAttr(const Attrs &attrs, llvm::StringRef name);

  void note(CheckNote::Kind kind, SourceRange range, std::string text) {
    out.notes.push_back({kind, currentFn, range, std::move(text)});
  }
};

} // namespace texpr
