// The syntax tree of a .tx program, and what the checker writes on it.
//
// The parser builds it; `Names`, `Types` and `Bounds` fill the fields marked [checker]; the reference
// interpreter and `import/` only read it. Nothing here knows of MLIR: a program that is wrong is refused
// on this tree, at its own line and column.
//
// Ownership: a node owns its children; every other pointer (a use to its declaration) is borrowed from
// the same `Program`. Dispatch is by `kind` with llvm::isa / cast / dyn_cast.
#pragma once
#include "compiler/source/Type.h"
#include "llvm/Support/Casting.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace texpr {

/// A half-open range of bytes of one source buffer. `file` indexes `SourceFiles`.
struct SourceRange {
  uint32_t file = 0, begin = 0, end = 0;
};

struct Expr;
struct Stmt;
struct Block;
struct FnDecl;
struct OpDecl;
struct StructDecl;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using BlockPtr = std::unique_ptr<Block>;

struct Ident {
  std::string text;
  SourceRange range;
};

/// Anything that a name can stand for: a dim, parameter, `let`, binder, carried name or buffer.
struct Decl {
  enum class Kind { Dim, Param, Let, Binder, Carried, Buffer };
  Kind kind = Kind::Let;
  Ident name;
  Type type;                        // [checker]; scalar i64 for dims and binders
  std::optional<facts::Expr> value; // [checker] its value as an index expression, where it is one
  /// [checker] True where the value depends on nothing but dims, so that it may stand as an extent anywhere.
  bool isDimExpr = false;
  /// [checker] Buffers and carried names that are assigned; false: the value never changes after its declaration.
  bool isMutable = false;
  /// [checker] A total view, `let xp = x else 0;`: it may be indexed anywhere.
  bool isTotal = false;
};

// ---- types as written ------------------------------------------------------------------------------

/// `type`: SCALAR | ID | tuple, then an optional shape.
struct TypeExpr {
  SourceRange range;
  enum class Kind { Scalar, Named, Tuple } kind = Kind::Scalar;
  ScalarKind scalar = ScalarKind::F32;
  Ident name;
  std::vector<TypeExpr> parts;
  const StructDecl *nominal = nullptr; // [checker] Tuple: the struct whose fields `parts` are
  bool hasShape = false;
  std::vector<ExprPtr> shape; // a bare name that nothing declares binds a dim (parameters only)
};

/// `span`: lo | lo..hi | lo..=hi
struct Span {
  ExprPtr lo, hi;
  bool inclusive = false;
};

/// `rtype`: a type with a range of values or `perm`.
struct RType {
  TypeExpr type;
  bool perm = false;
  std::vector<Span> set; // empty: unrestricted; several: `or`
};

// ---- attributes ------------------------------------------------------------------------------------

struct AttrArg {
  std::optional<Ident> key;
  ExprPtr value;
};
struct Attr {
  Ident name;
  SourceRange range;
  std::vector<AttrArg> args;
};
using Attrs = std::vector<Attr>;

// ---- expressions -----------------------------------------------------------------------------------

enum class ExprKind {
  IntLit,
  FloatLit,
  QuantityLit,
  BoolLit,
  ScalarConst,
  Name,
  Unary,
  Binary,
  Call,
  Index,
  Field,
  MethodCall,
  Else,
  Tuple,
  List,
  Block,
  If,
  Compute,
  Reduce,
  Scan,
  Scatter,
  Filter,
  Sort,
  For,
  While,
  Struct,
  Asm,
};

struct Expr {
  const ExprKind kind;
  SourceRange range;
  Type type;                        // [checker]
  std::optional<facts::Expr> value; // [checker] index expression, where the value is one
  bool isTotal = false;             // [checker] a total view, which may be indexed anywhere
  explicit Expr(ExprKind k) : kind(k) {}
  virtual ~Expr() = default;
};

template <ExprKind K> struct ExprOf : Expr {
  ExprOf() : Expr(K) {}
  static bool classof(const Expr *e) { return e->kind == K; }
};

/// The type of a literal is [checker]'s: its partner's, its place's, else i64 or f32.
struct IntLitExpr : ExprOf<ExprKind::IntLit> {
  uint64_t magnitude = 0; // with `negative`, covers i64.min and u64.max
  bool negative = false;
};
struct FloatLitExpr : ExprOf<ExprKind::FloatLit> {
  std::string
      text; // as written, without `_`, with the sign: rounded once, directly to the type it takes
  bool negative = false;
};
struct QuantityLitExpr : ExprOf<ExprKind::QuantityLit> {
  uint64_t amount = 0;
  std::string unit;
};
struct BoolLitExpr : ExprOf<ExprKind::BoolLit> {
  bool value = false;
};
/// `f32.max`, `i64.min`, `f32.eps`
struct ScalarConstExpr : ExprOf<ExprKind::ScalarConst> {
  ScalarKind scalar = ScalarKind::F32;
  Ident member;
};
struct NameExpr : ExprOf<ExprKind::Name> {
  std::string text;
  Decl *decl = nullptr; // [checker] null: a predeclared constant (`pi`, `inf`, `nan`)
};

enum class UnaryOp { Neg, Not, BitNot };
struct UnaryExpr : ExprOf<ExprKind::Unary> {
  UnaryOp op = UnaryOp::Neg;
  ExprPtr operand;
};

enum class BinaryOp {
  Add,
  Sub,
  Mul,
  Div,
  Mod,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  And,
  Or,
  BitAnd,
  BitOr,
  BitXor,
  Shl,
  Shr
};
/// On tensors, element by element; a scalar side spreads.
struct BinaryExpr : ExprOf<ExprKind::Binary> {
  BinaryOp op = BinaryOp::Add;
  SourceRange opRange;
  ExprPtr lhs, rhs;
  OpDecl *userOp = nullptr; // [checker] an operator of a struct: the node becomes a call of it
};

/// What the lanes of `fully par … @lane` do together. `Uniform`: the first lane's value, in all of them.
enum class LaneOp { None, Shuffle, Ballot, Match, Any, All, Below, Uniform };

/// `f(x)`, `f32(x)`, `bitcast<u32>(x)`. What is called is [checker]'s: exactly one of the three is set.
struct CallExpr : ExprOf<ExprKind::Call> {
  Ident callee;
  struct TypeArg {
    Ident name;
    std::optional<ScalarKind> scalar;
  };
  std::vector<TypeArg> typeArgs;
  std::vector<ExprPtr> args;
  FnDecl *fn = nullptr; // [checker] a function of the program
  bool isElementwise =
      false;            // [checker] `fn` is of scalars, and an argument is a tensor: each element
  OpDecl *op = nullptr; // [checker] a user op called as a function; `isElementwise` on tensors
  std::optional<ScalarKind> conversion; // [checker] `f32(x)`
  bool isDescending =
      false; // [checker] `desc(key)` of a sort: the argument, ordered from the largest
  bool isReshape =
      false; // [checker] `reshape(x, [m * n])`: the second argument has no type of its own
  LaneOp laneOp = LaneOp::None; // [checker] `shuffle`, …
  bool isBuiltin =
      false; // [checker] `exp`, `min`, …: by `callee.text`; on tensors, element by element
  std::vector<facts::Expr> dimArgs; // [checker] for `fn`: the value of each of its `dims`, in order
};

/// What keeps an access inside its tensor (docs/language.md).
enum class Bounds { Unchecked, Proved, Else, Fail, Verified };

struct IndexArg {
  SourceRange range;
  bool isSlice = false;
  ExprPtr index;  // element index, where !isSlice
  ExprPtr lo, hi; // slice bounds; null: the whole side
  /// [checker] Where this index or slice stands against the axis; Else where an enclosing ElseExpr covers it.
  Bounds bounds = Bounds::Unchecked;
};
/// `x[i, j]`, `x[i]` (a sub-tensor), `x[lo..hi, j]`. Fewer indices than axes: the rest is whole.
struct IndexExpr : ExprOf<ExprKind::Index> {
  ExprPtr base;
  std::vector<IndexArg> indices;
};
/// `a.0`, `z.re`
struct FieldExpr : ExprOf<ExprKind::Field> {
  ExprPtr base;
  std::string name; // digits for a tuple part
  SourceRange nameRange;
  unsigned index = 0; // [checker]
};
/// `acc.regs(i, j)`: an asm operand
struct MethodCallExpr : ExprOf<ExprKind::MethodCall> {
  ExprPtr base;
  Ident method;
  std::vector<ExprPtr> args;
};
/// `access else v`, `access else fail`. On an IndexExpr: covers that access; on a tensor: a total view.
struct ElseExpr : ExprOf<ExprKind::Else> {
  ExprPtr access;
  ExprPtr alternative; // null: `else fail`
};
struct TupleExpr : ExprOf<ExprKind::Tuple> {
  std::vector<ExprPtr> parts;
  const StructDecl *nominal = nullptr; // [checker] a struct value, in the order of its fields
};
/// `[a, b, c]`
struct ListExpr : ExprOf<ExprKind::List> {
  std::vector<ExprPtr> elements;
};
struct BlockExpr : ExprOf<ExprKind::Block> {
  BlockPtr block;
};
struct IfExpr : ExprOf<ExprKind::If> {
  ExprPtr cond;
  BlockPtr thenBlock;
  ExprPtr elseExpr; // a BlockExpr or another IfExpr; never null in an expression
};

/// One axis of a domain: `n` (0..n) or `lo..hi`.
struct Axis {
  SourceRange range;
  ExprPtr lo; // null: 0
  ExprPtr hi;
  /// [checker] bounds as index expressions (fresh symbols where they are data)
  std::optional<facts::Expr> loValue, hiValue;
};
/// `_` gives a binder named "_", which nothing refers to.
using Binders = std::vector<std::unique_ptr<Decl>>;

struct ComputeExpr : ExprOf<ExprKind::Compute> {
  std::vector<Axis> domain;
  Binders binders;
  Attrs attrs;
  BlockPtr body;
};

/// The operator of reduce, scan, scatter: a builtin word or a user's op.
struct CombineOp {
  Ident name;           // "+", "*", "min", "max", "and", "or", "xor", or an op's name
  OpDecl *op = nullptr; // [checker] null: builtin
};
struct ReduceExpr : ExprOf<ExprKind::Reduce> {
  CombineOp op;
  std::vector<Axis> domain;
  Binders binders;
  ExprPtr where; // may be null
  Attrs attrs;
  BlockPtr body;
};
struct ScanExpr : ExprOf<ExprKind::Scan> {
  CombineOp op;
  bool exclusive = false, reverse = false;
  std::vector<Axis> domain;
  Binders binders;
  Attrs attrs;
  BlockPtr body;
};
struct ScatterExpr : ExprOf<ExprKind::Scatter> {
  std::optional<CombineOp> op;
  std::vector<ExprPtr> extents;
  ExprPtr from;
  std::vector<Axis> domain;
  Binders binders;
  ExprPtr where;
  Attrs attrs;
  std::vector<StmtPtr> stmts;
  std::vector<ExprPtr> at;
  bool orSkip = false;
  ExprPtr put;
  /// [checker] The places are proved to lie inside; without an operator, to be distinct. What is not is tested while running.
  bool isInside = false, isDistinct = false;
};
struct FilterExpr : ExprOf<ExprKind::Filter> {
  std::vector<Axis> domain;
  Binders binders;
  ExprPtr where;
  Attrs attrs;
  BlockPtr body;
  std::optional<facts::Expr> count; // [checker] the length of the result, a symbol
  std::optional<facts::Expr> most;  // [checker] a bound uses an earlier index: at most this many
  std::vector<std::optional<facts::Expr>>
      mostOfAxis; // [checker] then, of each axis whose length is data
};
/// `argsort` (top null) and `top(k)`
struct SortExpr : ExprOf<ExprKind::Sort> {
  ExprPtr top;
  std::vector<Axis> domain;
  Binders binders;
  Attrs attrs;
  BlockPtr body;
  std::vector<bool> descending; // [checker] for each leaf of the key
};

/// `with (u: rtype = init, …)`
struct Carried {
  std::unique_ptr<Decl> decl;
  std::optional<RType> declared;
  ExprPtr init;
};
/// The step of `for` and `while`: statements, the next state (a tuple where several names are carried), `keep`.
struct Step {
  SourceRange range;
  std::vector<StmtPtr> stmts;
  ExprPtr next;
  ExprPtr keep; // may be null
};
struct ForExpr : ExprOf<ExprKind::For> {
  std::unique_ptr<Decl> binder;
  Axis axis;
  bool reverse = false;
  std::vector<Carried> carried;
  Attrs attrs;
  Step step;
};
struct WhileExpr : ExprOf<ExprKind::While> {
  ExprPtr cond;
  std::vector<Carried> carried;
  ExprPtr bound;
  bool elseFail = false;
  Attrs attrs;
  Step step;
  std::optional<facts::Expr> count; // [checker] the number of steps: the length of what is kept
};
/// `c32 { re: a, im: b }`; [checker] becomes a TupleExpr.
struct StructExpr : ExprOf<ExprKind::Struct> {
  Ident name;
  std::vector<std::pair<Ident, ExprPtr>> fields;
};

struct AsmOperand {
  SourceRange range;
  std::string word; // "", out, inout, imm, pred, reads, writes, contiguous, async, cost
  ExprPtr value;    // operands, reads, writes
  uint64_t contiguous = 0, align = 0;
  Ident group; // async
  std::vector<std::pair<Ident, ExprPtr>> cost;
};
struct AsmExpr : ExprOf<ExprKind::Asm> {
  std::optional<Ident> arch;
  std::string text;
  std::vector<AsmOperand> operands;
  BlockPtr means;
  std::unique_ptr<AsmExpr> elseAsm;
  BlockPtr elseBlock;
};

// ---- statements ------------------------------------------------------------------------------------

enum class StmtKind { Let, Buffer, Assign, Par, Seq, If, Call, Barrier, Wait, Assume, Asm };

struct Stmt {
  const StmtKind kind;
  SourceRange range;
  explicit Stmt(StmtKind k) : kind(k) {}
  virtual ~Stmt() = default;
};
template <StmtKind K> struct StmtOf : Stmt {
  StmtOf() : Stmt(K) {}
  static bool classof(const Stmt *s) { return s->kind == K; }
};

/// A name (`decl` set), `_` (nothing set) or a list.
struct Pattern {
  SourceRange range;
  std::unique_ptr<Decl> decl;
  std::vector<Pattern> parts;
  bool isTuple = false;
};
struct LetStmt : StmtOf<StmtKind::Let> {
  Pattern pattern;
  std::optional<RType> declared;
  ExprPtr init;
  std::vector<std::unique_ptr<Decl>> foundDims; // [checker] what the declared type names
};
enum class Placement { Open, Reg, Shared };
/// `t: f32[n, n] = e;`
struct BufferStmt : StmtOf<StmtKind::Buffer> {
  Placement placement = Placement::Open;
  std::unique_ptr<Decl> decl;
  RType declared;
  Attrs attrs;
  ExprPtr init; // may be null
};
enum class AssignOp { Set, Add, Sub, Mul, Div, BitAnd, BitOr, BitXor, Max, Min, And, Or, Xor };
/// `place op value`. The place is a NameExpr (a scalar or whole buffer), IndexExpr or FieldExpr over one.
struct AssignStmt : StmtOf<StmtKind::Assign> {
  ExprPtr place;
  AssignOp op = AssignOp::Set;
  ExprPtr value;
  Attrs attrs;
  bool atomic = false;
  std::unique_ptr<Decl> old; // `let old = atomic …`
};
struct ParStmt : StmtOf<StmtKind::Par> {
  bool fully = false;
  std::vector<Axis> domain;
  Binders binders;
  Attrs attrs;
  BlockPtr body;
};
struct SeqStmt : StmtOf<StmtKind::Seq> {
  std::vector<Axis> domain;
  Binders binders;
  bool reverse = false;
  Attrs attrs;
  BlockPtr body;
};
struct IfStmt : StmtOf<StmtKind::If> {
  ExprPtr cond;
  BlockPtr thenBlock;
  std::unique_ptr<IfStmt> elseIf;
  BlockPtr elseBlock;
};
struct CallStmt : StmtOf<StmtKind::Call> {
  std::unique_ptr<CallExpr> call;
};
struct BarrierStmt : StmtOf<StmtKind::Barrier> {};
struct WaitStmt : StmtOf<StmtKind::Wait> {
  Ident group;
  uint64_t pending = 0;
};

/// One fact of `where`, `ensure`, `assume`: a chain `a <= b < c`, a call `sorted(row)`, a name, or `all`.
struct Fact {
  SourceRange range;
  std::vector<ExprPtr> chain;                // one more than `rels`
  std::vector<BinaryOp> rels;                // Eq … Ge
  std::vector<std::pair<Ident, ExprPtr>> at; // `at (m = 4096)`
  bool isAll = false;                        // `all domain |…| { each && … }`
  std::vector<Axis> domain;
  Binders binders;
  struct Each {
    std::vector<ExprPtr> chain;
    std::vector<BinaryOp> rels;
    std::vector<Span> set; // `in`
  };
  std::vector<Each> each;
};
struct AssumeStmt : StmtOf<StmtKind::Assume> {
  Fact fact;
};
struct AsmStmt : StmtOf<StmtKind::Asm> {
  std::unique_ptr<AsmExpr> asmExpr;
};

struct Block {
  SourceRange range;
  std::vector<StmtPtr> stmts;
  ExprPtr value; // null: no last expression
};

// ---- declarations ----------------------------------------------------------------------------------

struct TypeParam {
  Ident name, bound; // float, int, number, scalar
};
struct Param {
  std::unique_ptr<Decl> decl;
  RType declared;
  bool isInout = false;
};
struct ResultDecl {
  std::optional<Ident> name; // absent: `-> f32[n]`
  RType declared;
  Type type; // [checker]
};

/// How a dim gets its value at a call.
struct DimBinding {
  std::unique_ptr<Decl> decl;
  /// [checker] Bound by axis `axis` of leaf `leaf` of parameter `param`, or (scalarParam) the parameter itself,
  /// or (defined) by an equation of `where`.
  /// Found: while running, as the length of axis `axis` of leaf `leaf` of result `param`; no argument of the call.
  enum class How { Axis, ScalarParam, Defined, Found } how = How::Axis;
  unsigned param = 0, leaf = 0, axis = 0;
  /// [checker] Found: the length in the body, and what it is at most, over the other dims.
  std::optional<facts::Expr> foundValue, foundBound;
};
/// A relation of dims that holds at entry, or the call is refused: from types, `where`, divisors, bounds.
struct EntryCheck {
  facts::Constraint constraint;
  SourceRange range;
  std::string text; // "m + 1 == length of row"
};

struct FnDecl {
  SourceRange range;
  bool isLocal = false;
  Ident name;
  std::vector<TypeParam> typeParams;
  std::vector<Param> params;
  std::vector<ResultDecl> results;
  Attrs attrs;
  std::vector<Fact> where, ensures;
  BlockPtr body;
  std::vector<DimBinding> dims; // [checker] by first appearance: the order of the C signature
  std::vector<EntryCheck> entryChecks; // [checker]
  std::vector<ScalarKind>
      typeArgs;        // of an instance of a generic function, in the order of its `typeParams`
  bool isUsed = false; // declared in a file that is not on the command line
};
struct OpDecl {
  SourceRange range;
  Ident name; // or "+", "-", "*", "/"
  std::vector<TypeParam> typeParams;
  Param lhs, rhs;
  RType result;
  ExprPtr identity; // may be null
  bool commutative = false;
  BlockPtr body;
  std::vector<ScalarKind> typeArgs; // of an instance of a generic op
};
struct StructDecl {
  SourceRange range;
  Ident name;
  std::vector<std::pair<Ident, TypeExpr>> fields;
  Type type; // [checker] Invalid after an error
};
struct UseDecl {
  SourceRange range;
  std::string path;
};

struct Program {
  std::vector<UseDecl> uses;
  std::vector<std::unique_ptr<StructDecl>> structs;
  std::vector<std::unique_ptr<OpDecl>> ops;
  std::vector<std::unique_ptr<FnDecl>> fns;
  /// [checker] What nothing after the checker looks at: generic functions and ops as written, and functions of used
  /// files that nothing calls.
  std::vector<std::unique_ptr<FnDecl>> asideFns;
  std::vector<std::unique_ptr<OpDecl>> asideOps;
};

} // namespace texpr
