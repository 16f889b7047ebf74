// The coverage table: which form was drawn with which scalar types.
//
// In: checked programs. Out: for each form the number of programs in which it makes (or stores, or converts to) a value of a type.
#include "tests/random/Coverage.h"
#include "compiler/source/Walk.h"
#include <iomanip>
#include <sstream>

namespace texpr::random {

static const std::vector<std::string> forms = {
    "compute", "reduce",         "scan",       "scatter",   "filter",    "argsort", "top",
    "for",     "for rev",        "keep",       "while",     "let",       "if",      "list",
    "slice",   "else",           "total view", "else fail", "reshape",   "struct",  "op call",
    "call",    "generic",        "conversion", "buffer",    "store",     "update",  "atomic",
    "par",     "fully par",      "shuffle",    "seq",       "seq rev",   "barrier", "asm",
    "inout",   "perm or sorted", "found dim",  "lending",   "lent range"};

static constexpr unsigned kinds = 15;

namespace {
using Seen = std::set<std::pair<std::string, unsigned>>;

void note(Seen &seen, const std::string &form, const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  for (const Type *leaf : leaves)
    seen.insert({form, static_cast<unsigned>(leaf->scalar)});
}

void noteCall(Seen &seen, const CallExpr &e) {
  if (e.conversion)
    note(seen, "conversion", e.type);
  if (e.isReshape)
    note(seen, "reshape", e.type);
  if (e.op)
    note(seen, "op call", e.type);
  if (e.fn)
    note(seen, "call", e.type);
  if (e.fn && e.type.isValid() &&
      llvm::any_of(e.fn->params, [](const Param &p) { return p.isInout; }))
    note(seen, "lending", e.type);
  if (!e.typeArgs.empty() && e.fn)
    note(seen, "generic", e.type);
  static const std::set<std::string> across = {"shuffle", "ballot", "match",
                                               "any",     "all",    "lanes_below"};
  if (across.count(e.callee.text))
    for (const ExprPtr &arg : e.args)
      note(seen, "shuffle", arg->type);
}

void noteIndex(Seen &seen, const IndexExpr &e) {
  for (const IndexArg &arg : e.indices)
    if (arg.isSlice)
      note(seen, "slice", e.type);
}

void noteElse(Seen &seen, const ElseExpr &e) {
  note(seen,
       !e.alternative                         ? "else fail"
       : llvm::isa<IndexExpr>(e.access.get()) ? "else"
                                              : "total view",
       e.type);
}

void noteExpr(Seen &seen, const Expr &e) {
  if (e.type.nominal)
    note(seen, "struct", e.type);
  switch (e.kind) {
  case ExprKind::Compute:
    note(seen, "compute", e.type);
    break;
  case ExprKind::Reduce:
    note(seen, "reduce", e.type);
    break;
  case ExprKind::Scan:
    note(seen, "scan", e.type);
    break;
  case ExprKind::Scatter:
    note(seen, "scatter", e.type);
    break;
  case ExprKind::Filter:
    note(seen, "filter", e.type);
    break;
  case ExprKind::Sort: {
    auto &sort = llvm::cast<SortExpr>(e);
    note(seen, sort.top ? "top" : "argsort", sort.body->value->type);
    break;
  }
  case ExprKind::For: {
    auto &loop = llvm::cast<ForExpr>(e);
    note(seen, loop.reverse ? "for rev" : "for", e.type);
    if (loop.step.keep)
      note(seen, "keep", loop.step.keep->type);
    break;
  }
  case ExprKind::While:
    note(seen, "while", e.type);
    break;
  case ExprKind::If:
    note(seen, "if", e.type);
    break;
  case ExprKind::List:
    note(seen, "list", e.type);
    break;
  case ExprKind::Index:
    noteIndex(seen, llvm::cast<IndexExpr>(e));
    break;
  case ExprKind::Else:
    noteElse(seen, llvm::cast<ElseExpr>(e));
    break;
  case ExprKind::Call:
    noteCall(seen, llvm::cast<CallExpr>(e));
    break;
  default:
    break;
  }
}

void noteStmt(Seen &seen, const Stmt &s) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s))
    note(seen, "let", let->init->type);
  if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s))
    note(seen, "buffer", buffer->decl->type);
  if (auto *store = llvm::dyn_cast<AssignStmt>(&s))
    note(seen,
         store->atomic                ? "atomic"
         : store->op == AssignOp::Set ? "store"
                                      : "update",
         store->value->type);
  const Type none =
      Type::leaf(ScalarKind::I64); // of what has no value: counted in the column of indices
  if (auto *par = llvm::dyn_cast<ParStmt>(&s))
    note(seen, par->fully ? "fully par" : "par", none);
  if (auto *seq = llvm::dyn_cast<SeqStmt>(&s))
    note(seen, seq->reverse ? "seq rev" : "seq", none);
  if (llvm::isa<BarrierStmt>(s))
    note(seen, "barrier", none);
  if (llvm::isa<AsmStmt>(s))
    note(seen, "asm", none);
}
} // namespace

void Coverage::add(const Program &program) {
  Seen seen;
  Walker walker{[&](Expr &e) { noteExpr(seen, e); }, nullptr, nullptr,
                [&](Stmt &s) { noteStmt(seen, s); }};
  for (const auto &op : program.ops)
    if (op->body && op->typeParams.empty())
      walker.block(op->body.get());
  for (const auto &fn : program.fns) {
    if (!fn->typeParams.empty())
      continue; // its instances are walked
    if (fn->body)
      walker.block(fn->body.get());
    for (const Param &p : fn->params) {
      if (p.isInout)
        note(seen, p.declared.set.empty() ? "inout" : "lent range", p.decl->type);
      if (p.declared.perm)
        note(seen, "perm or sorted", p.decl->type);
    }
    for (const Fact &fact : fn->where)
      if (auto *call =
              fact.chain.size() == 1 ? llvm::dyn_cast<CallExpr>(fact.chain[0].get()) : nullptr)
        note(seen, "perm or sorted", call->args[0]->type);
    for (const DimBinding &dim : fn->dims)
      if (dim.how == DimBinding::How::Found)
        note(seen, "found dim", fn->results[dim.param].type);
  }
  for (const auto &[form, kind] : seen)
    ++counts[form][kind];
}

std::string Coverage::table() const {
  std::ostringstream os;
  os << std::left << std::setw(16) << "form" << std::right;
  for (unsigned k = 0; k < kinds; ++k)
    os << std::setw(8) << spelling(static_cast<ScalarKind>(k));
  os << "\n";
  for (const std::string &form : forms) {
    auto at = counts.find(form);
    os << std::left << std::setw(16) << form << std::right;
    for (unsigned k = 0; k < kinds; ++k) {
      const unsigned n = at == counts.end() ? 0 : at->second[k];
      os << std::setw(8) << (n ? std::to_string(n) : ".");
    }
    os << "\n";
  }
  return os.str();
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> names;
  for (const std::string &form : forms)
    if (!counts.count(form))
      names.push_back(form);
  for (unsigned k = 0; k < kinds; ++k) {
    bool isSeen = false;
    for (const auto &[form, row] : counts)
      isSeen |= row[k] > 0;
    if (!isSeen)
      names.push_back(spelling(static_cast<ScalarKind>(k)));
  }
  return names;
}

} // namespace texpr::random
