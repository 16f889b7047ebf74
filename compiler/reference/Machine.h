// The interpreter's own header: its state, and one function a form.
//
// A failure is thrown as a `Failure` and caught in `interpret`; no frame of another library lies
// between.
#pragma once
#include "compiler/reference/Interpreter.h"
#include <random>
#include <unordered_map>

namespace texpr::reference {

/// A leaf of a type as written: its extents are still expressions.
struct LeafType {
  ScalarKind kind;
  std::vector<const Expr *> extents;
};

/// The leaves of a type, left to right; an outer shape comes first.
std::vector<LeafType> leafTypes(const TypeExpr &type);

/// The names of one function's call, or of one use of an op.
struct Frame {
  std::unordered_map<const Decl *, Value> values;
  /// Values of the checker's symbols, for entry checks and for the shapes of forms that run zero
  /// times.
  std::unordered_map<facts::Symbol, int64_t> symbols;
  Frame *outer = nullptr; // of a lane: the names around its `fully par`
  int64_t iteration = 0;  // of the innermost loop of the function: where a failure is
  Value *find(const Decl &decl);
  std::optional<int64_t> find(facts::Symbol symbol) const;
};

/// A box of a tensor: per axis a first index and a length; `isKept` axes stay axes of the result.
struct Region {
  struct Axis {
    int64_t begin, length;
    bool isKept;
  };
  std::vector<Axis> axes;
  Shape shape() const; // of the kept axes
};

/// An index argument, evaluated. A slice without an end ends with its axis.
struct Selection {
  bool isSlice;
  int64_t begin;
  std::optional<int64_t> end;
  const IndexArg *source;
};

class Lanes;

class Machine {
public:
  explicit Machine(const Options &options) : options(options) {
    if (options.shuffleParallel)
      random.seed(*options.shuffleParallel);
  }

  // Interpreter.cpp
  std::vector<Value> runEntry(const FnDecl &fn, const Inputs &inputs);
  /// What `else fail` and `max N else fail` have found: the run goes on with a 0. The first place in the
  /// source, then the lowest index.
  std::optional<Failure> reported;
  Frame enter(const FnDecl &fn, const Inputs &inputs);
  std::vector<LeafShape> leafShapes(const TypeExpr &type);
  void bindMostFound(const FnDecl &fn);
  std::vector<ParamNeed> needs(const FnDecl &fn, const Inputs &dims);
  void bind(const Decl &decl, Value v);
  std::optional<int64_t> evaluate(const facts::Expr &e) const;
  Frame *frame = nullptr;

private:
  [[noreturn]] void fail(Failure::Kind kind, SourceRange site, std::string message,
                         int64_t index = -1) const;
  [[noreturn]] void internal(SourceRange site, const std::string &message) const;
  void report(SourceRange site, std::string message, int64_t index);
  void spend(SourceRange site);

  // Dims.cpp, EntryFacts.cpp, Interpreter.cpp: entry and calls
  void matchType(const Value &v, const TypeExpr &type, const std::string &name, SourceRange site);
  void checkShape(const Value &v, const TypeExpr &type, const std::string &what, SourceRange site,
                  Failure::Kind kind);
  void bindDims(const FnDecl &fn, const Inputs &inputs);
  bool bindDim(const FnDecl &fn, const DimBinding &dim, const Inputs &inputs);
  std::optional<int64_t> solveExtent(const Decl &unknown, const Expr &extent, int64_t length);
  bool isKnown(const Expr &e, const Decl *except) const;
  void checkEntry(const FnDecl &fn);
  void checkRange(const Value &v, const RType &type, const std::string &name, SourceRange site,
                  Failure::Kind kind);
  bool inSet(Scalar s, const std::vector<Span> &set);
  // DataFacts.cpp
  static bool isAboutData(const Fact &fact);
  void checkFact(const Fact &fact);
  void checkFacts(const FnDecl &fn, bool onData);
  static bool compareInts(BinaryOp op, Scalar a, Scalar b);
  static void markWritten(Value &v);
  void assumeStmt(const AssumeStmt &s);
  std::optional<int64_t> broken(const Fact &fact);
  bool holdsChain(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels);
  Value body(const FnDecl &fn);
  Value callFunction(const CallExpr &e);
  Value reshape(const CallExpr &e);
  Value callWith(const CallExpr &e, std::vector<Value> args);
  Value callEntered(const CallExpr &e, const Inputs &inputs, Frame &entered);
  Value applyOp(const OpDecl &op, const Value &a, const Value &b);

  // Expressions.cpp
  Value eval(const Expr &e);
  Value evalKind(const Expr &e);
  Scalar evalScalar(const Expr &e);
  int64_t evalInt(const Expr &e);
  bool evalBool(const Expr &e);
  Value name(const NameExpr &e);
  Value unaryOp(const UnaryExpr &e);
  Value binaryOp(const BinaryExpr &e);
  Value call(const CallExpr &e);
  Value list(const ListExpr &e);
  Value block(const Block &b);
  Value choice(const IfExpr &e);
  Value map(const std::vector<Value> &args, SourceRange site,
            const std::function<Scalar(llvm::ArrayRef<Scalar>)> &f);

  // Forms.cpp
  void forDomain(const std::vector<texpr::Axis> &domain, const Binders &binders,
                 const std::function<void()> &body, bool isBox = false);
  int64_t lowerBound(const texpr::Axis &axis) { return axis.lo ? evalInt(*axis.lo) : 0; }
  Value compute(const ComputeExpr &e);
  Value reduce(const ReduceExpr &e);
  Value eachElement(const std::vector<Value> &args, const Type &result, SourceRange site,
                    const std::function<Value(std::vector<Value>)> &f);
  Value combineValues(const CombineOp &op, const Type &t, SourceRange site, const Value &a,
                      const Value &b);
  Value spread(const Value &v, const Type &t, SourceRange site);
  /// A value of type `t` with every scalar `f(kind)`: for forms that run zero times.
  Value filled(const Type &t, SourceRange site, const std::function<Scalar(ScalarKind)> &f);

  // Scatter.cpp, Sort.cpp
  Value scatter(const ScatterExpr &e);
  Value sort(const SortExpr &e);

  // Prefix.cpp
  Value scan(const ScanExpr &e);
  Value filter(const FilterExpr &e);
  void bindFoundDims(const FnDecl &fn, const Value &result);
  bool speaksOfFound(const FnDecl &fn, const Fact &fact) const;

  // Iterate.cpp
  Value forLoop(const ForExpr &e);
  Value whileLoop(const WhileExpr &e);
  Value startOf(const std::vector<Carried> &carried);
  Value stepOf(const Step &step, const std::vector<Carried> &carried, std::vector<Value> &kept);
  void bindCarried(const std::vector<Carried> &carried, const Value &state);
  Value iterated(const Expr &e, size_t carried, Value state, const Step &step,
                 const std::vector<Value> &kept);
  void seqStmt(const SeqStmt &s, size_t axis);
  Value lend(const CallExpr &e);

  // Access.cpp
  Value operand(const Expr &e);
  Value settled(const Value &v, SourceRange site);
  std::vector<Selection> selections(const IndexExpr &e);
  Region narrowed(Region whole, const std::vector<Selection> &by, bool isCovered);
  Value index(const IndexExpr &e);
  Value readLeaf(const Value &leaf, const std::vector<Selection> &by, SourceRange site,
                 const std::function<Value()> &outside);
  Value indexParts(const Value &v, const std::vector<Selection> &by, SourceRange site,
                   const std::function<Value()> &outside);
  Value otherwise(const ElseExpr &e);
  Value *place(const Expr &e, std::vector<std::vector<Selection>> &path);
  void store(Value &into, const std::vector<std::vector<Selection>> &path, AssignOp op,
             const Value &v, SourceRange site);

  // Statements.cpp
  void run(const Block &b);
  void run(const Stmt &s);
  void letStmt(const LetStmt &s);
  void bindPattern(const Pattern &p, const Value &v);
  void bufferStmt(const BufferStmt &s);
  void assignStmt(const AssignStmt &s);
  void ifStmt(const IfStmt &s);
  void parStmt(const ParStmt &s);

  // Lanes.cpp, Asm.cpp
  Lanes *lanes = nullptr; // of the innermost `fully par`
  size_t lane = 0;        // the one that runs
  void fullPar(const ParStmt &s);
  void barrier(const BarrierStmt &s);
  Value laneOp(const CallExpr &e);
  Value meetLanes(SourceRange site, const void *point, std::vector<Value> brought,
                  const std::function<void(const std::vector<std::vector<Value>> &,
                                           std::vector<Value> &)> &how);
  void asmStmt(const AsmExpr &e);

  const Options &options;
  std::mt19937_64 random;
  uint64_t spent = 0;
  unsigned sumDepth = 0; // inside a term of reduce(+) or the right side of +=
  void noteInexact(const std::string &why) const;
};

} // namespace texpr::reference
