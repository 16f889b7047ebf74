// Promises of a function: what `ensure` may say. A3: a promise is known and well formed, names dims of its function with
// constant sizes in `at`, and stands on an exported function.
//
//   ensure kernels == 1, workspace <= 64KiB at (n = 4096), fused
//
// Whether a promise is kept is decided where kernels and memory are known (compiler/plan/Ensure.cpp), for each machine.
#include "compiler/source/Checker.h"
#include "compiler/source/Ensure.h"

namespace texpr {

namespace {
struct PromiseRow {
  const char *name;
  PromiseUnit unit;
};
constexpr PromiseRow known[] = {
    {"kernels", PromiseUnit::Count}, {"workspace", PromiseUnit::Bytes},
    {"smem", PromiseUnit::Bytes},    {"registers", PromiseUnit::Count},
    {"time", PromiseUnit::Time},     {"fused", PromiseUnit::None},
    {"no_spill", PromiseUnit::None},
};
} // namespace

static const PromiseRow *findKnown(llvm::StringRef name) {
  for (const PromiseRow &k : known)
    if (name == k.name)
      return &k;
  return nullptr;
}

static llvm::StringRef subjectOf(const Expr &e) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    return name->text;
  if (auto *call = llvm::dyn_cast<CallExpr>(&e))
    return call->callee.text;
  return "";
}

static std::optional<int64_t> scaleOf(llvm::StringRef unit, PromiseUnit of) {
  struct Row {
    const char *name;
    PromiseUnit of;
    int64_t scale;
  };
  static constexpr Row rows[] = {
      {"B", PromiseUnit::Bytes, 1},         {"KiB", PromiseUnit::Bytes, int64_t(1) << 10},
      {"MiB", PromiseUnit::Bytes, 1 << 20}, {"GiB", PromiseUnit::Bytes, 1 << 30},
      {"ns", PromiseUnit::Time, 1},         {"us", PromiseUnit::Time, 1000},
      {"ms", PromiseUnit::Time, 1000000},   {"s", PromiseUnit::Time, 1000000000},
  };
  for (const Row &row : rows)
    if (unit == row.name && of == row.of)
      return row.scale;
  return std::nullopt;
}

/// The constant in its unit; nothing where it is none.
static std::optional<int64_t> amountOf(const Expr &e, PromiseUnit unit) {
  if (auto *number = llvm::dyn_cast<IntLitExpr>(&e)) {
    bool fits = !number->negative && number->magnitude <= (uint64_t(1) << 47);
    return fits && unit != PromiseUnit::Time ? std::optional<int64_t>(number->magnitude)
                                             : std::nullopt;
  }
  auto *quantity = llvm::dyn_cast<QuantityLitExpr>(&e);
  auto scale = quantity ? scaleOf(quantity->unit, unit) : std::nullopt;
  if (!scale || quantity->amount > uint64_t(int64_t(1) << 47) / uint64_t(*scale))
    return std::nullopt;
  return int64_t(quantity->amount) * *scale;
}

static BinaryOp mirrored(BinaryOp rel) {
  switch (rel) {
  case BinaryOp::Lt:
    return BinaryOp::Gt;
  case BinaryOp::Le:
    return BinaryOp::Ge;
  case BinaryOp::Gt:
    return BinaryOp::Lt;
  case BinaryOp::Ge:
    return BinaryOp::Le;
  default:
    return rel;
  }
}

/// Narrows the promise by `subject rel amount`.
static bool narrow(Promise &p, BinaryOp rel, int64_t amount) {
  auto least = [&](int64_t n) { p.least = std::max(p.least, n); };
  auto most = [&](int64_t n) { p.most = std::min(p.most.value_or(n), n); };
  switch (rel) {
  case BinaryOp::Eq:
    least(amount);
    most(amount);
    return true;
  case BinaryOp::Le:
    most(amount);
    return true;
  case BinaryOp::Lt:
    most(amount - 1);
    return true;
  case BinaryOp::Ge:
    least(amount);
    return true;
  case BinaryOp::Gt:
    least(amount + 1);
    return true;
  default:
    return false;
  }
}

/// The subject of the chain, and its amounts: `1 <= kernels <= 2`. Nothing where the promise is not of that shape.
static std::optional<Promise> readRelations(const Fact &f, llvm::StringRef subject,
                                            PromiseUnit unit, size_t at) {
  Promise p;
  p.subject = subject.str();
  for (size_t k = 0; k < f.chain.size(); ++k) {
    if (k == at)
      continue;
    auto amount = amountOf(*f.chain[k], unit);
    bool isNext = k + 1 == at || k == at + 1;
    if (!amount || !isNext)
      return std::nullopt;
    BinaryOp rel = k < at ? mirrored(f.rels[k]) : f.rels[at];
    if (!narrow(p, rel, *amount))
      return std::nullopt;
  }
  return p;
}

std::optional<Promise> promiseOf(const Fact &f) {
  for (size_t k = 0; k < f.chain.size(); ++k) {
    llvm::StringRef subject = subjectOf(*f.chain[k]);
    const PromiseRow *row = findKnown(subject);
    if (!row)
      continue;
    bool isCall = llvm::isa<CallExpr>(f.chain[k].get());
    if (isCall != (row->unit == PromiseUnit::Time) ||
        (row->unit == PromiseUnit::None) != (f.chain.size() == 1))
      return std::nullopt;
    auto p = readRelations(f, subject, row->unit, k);
    for (auto &[dim, value] : f.at)
      if (auto *number = llvm::dyn_cast<IntLitExpr>(value.get()); p && number)
        p->at.emplace_back(dim.text, int64_t(number->magnitude));
    return p;
  }
  return std::nullopt;
}

void Checker::checkEnsure(const FnDecl &fn) {
  for (const Fact &f : fn.ensures) {
    if (fn.isLocal) {
      diags.error(f.range, "a promise stands on an exported function: a local one is part of the "
                           "kernels of its callers");
      continue;
    }
    if (!promiseOf(f)) {
      diags.error(f.range, "this is no promise that the compiler knows")
          .note("promises are `kernels == 1`, `workspace <= 64KiB`, `fused`, `no_spill`, `smem <= "
                "48KiB`, "
                "`registers <= 128`, `time(h200) <= 40us`, each also for sizes: `kernels <= 2 at "
                "(n = 4096)`");
      continue;
    }
    for (auto &[dim, value] : f.at) {
      bool isDim = llvm::any_of(
          fn.dims, [&](const DimBinding &d) { return d.decl && d.decl->name.text == dim.text; });
      for (const Param &p : fn.params)
        isDim |=
            p.decl->name.text == dim.text && p.decl->type.isScalar() && isInt(p.decl->type.scalar);
      auto *number = llvm::dyn_cast_or_null<IntLitExpr>(value.get());
      if (!isDim)
        diags.error(dim.range, "`" + fn.name.text + "` has no dim named `" + dim.text + "`");
      else if (!number || number->negative || number->magnitude > (uint64_t(1) << 47))
        diags.error(value->range, "a size in `at` is a number of at least 0");
    }
  }
}

} // namespace texpr
