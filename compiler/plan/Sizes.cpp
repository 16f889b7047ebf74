// Evaluates index arithmetic of a function's body.
//
// In: a value made by arith and tx.scalar from the dims, which the arguments' `tx.dim` names. Out: its value at the sizes,
// computed in 128 bits; nothing where it leaves 64 bits or is not known.
#include "compiler/plan/Sizes.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::plan {

using Wide = __int128;

static std::optional<int64_t> narrowed(Wide v) {
  if (v < INT64_MIN || v > INT64_MAX)
    return std::nullopt;
  return int64_t(v);
}

static std::optional<int64_t> divided(Wide a, Wide b, bool isFloor, bool isRemainder) {
  if (b == 0)
    return std::nullopt;
  Wide q = a / b, r = a % b;
  if (isFloor && r != 0 && (r < 0) != (b < 0)) {
    q -= 1;
    r += b;
  }
  return narrowed(isRemainder ? r : q);
}

static bool compares(arith::CmpIPredicate p, int64_t a, int64_t b) {
  auto ua = uint64_t(a), ub = uint64_t(b);
  switch (p) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return ua < ub;
  case arith::CmpIPredicate::ule:
    return ua <= ub;
  case arith::CmpIPredicate::ugt:
    return ua > ub;
  case arith::CmpIPredicate::uge:
    return ua >= ub;
  }
  llvm_unreachable("every predicate is handled");
}

static std::optional<int64_t> combined(Operation *op, int64_t a, int64_t b) {
  if (isa<arith::AddIOp>(op))
    return narrowed(Wide(a) + b);
  if (isa<arith::SubIOp>(op))
    return narrowed(Wide(a) - b);
  if (isa<arith::MulIOp>(op))
    return narrowed(Wide(a) * b);
  if (isa<arith::MaxSIOp>(op))
    return std::max(a, b);
  if (isa<arith::MinSIOp>(op))
    return std::min(a, b);
  if (isa<arith::AndIOp>(op))
    return a & b;
  if (isa<arith::OrIOp>(op))
    return a | b;
  if (isa<arith::XOrIOp>(op))
    return a ^ b;
  bool isNatural = a >= 0 && b > 0; // where signs do not matter
  if (isNatural && isa<arith::DivUIOp, arith::DivSIOp>(op))
    return a / b;
  if (isNatural && isa<arith::RemUIOp, arith::RemSIOp>(op))
    return a % b;
  if (isNatural && isa<arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return divided(Wide(a) + b - 1, b, true, false);
  if (isa<arith::FloorDivSIOp>(op))
    return divided(a, b, true, false);
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return compares(compare.getPredicate(), a, b);
  if (auto scalar = dyn_cast<tx::ScalarOp>(op)) {
    switch (scalar.getKind()) {
    case tx::ScalarKind::floordiv:
      return divided(a, b, true, false);
    case tx::ScalarKind::mod:
      return divided(a, b, true, true);
    case tx::ScalarKind::quot:
      return divided(a, b, false, false);
    case tx::ScalarKind::rem:
      return divided(a, b, false, true);
    default:
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Sizes::Sizes(func::FuncOp func) : entry(&func.getBody().front()) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto dim = func.getArgAttrOfType<StringAttr>(i, "tx.dim");
    auto name = func.getArgAttrOfType<StringAttr>(i, "tx.name");
    bool isInteger = func.getArgument(i).getType().isIntOrIndex();
    names.push_back(dim ? dim.str() : name && isInteger ? name.str() : "");
    if (dim)
      dims.push_back(dim.str());
  }
}

Sizes Sizes::in(func::FuncOp formula) const {
  Sizes inside = *this;
  inside.known.clear();
  inside.entry = &formula.getBody().front();
  inside.names = dims;
  return inside;
}

std::optional<int64_t> Sizes::eval(Value v) const {
  if (auto it = known.find(v); it != known.end())
    return it->second;
  auto n = compute(v);
  known[v] = n;
  return n;
}

std::optional<int64_t> Sizes::compute(Value v) const {
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    if (arg.getOwner() != entry || arg.getArgNumber() >= names.size())
      return std::nullopt;
    auto it = sizes.find(names[arg.getArgNumber()]);
    return it == sizes.end() ? std::nullopt : std::optional(it->second);
  }
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)))
    return constant.getBitWidth() == 1 ? int64_t(constant.getZExtValue()) : constant.getSExtValue();
  Operation *op = v.getDefiningOp();
  if (auto cast = dyn_cast<arith::IndexCastOp>(op))
    return eval(cast.getIn());
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    auto condition = eval(select.getCondition());
    return condition ? eval(*condition ? select.getTrueValue() : select.getFalseValue())
                     : std::nullopt;
  }
  if (op->getNumOperands() != 2)
    return std::nullopt;
  auto a = eval(op->getOperand(0)), b = eval(op->getOperand(1));
  return a && b ? combined(op, *a, *b) : std::nullopt;
}

std::string Sizes::missing() const {
  std::string text;
  for (const std::string &name : names)
    if (!name.empty() && !sizes.count(name))
      text += (text.empty() ? "" : ", ") + name + " = …";
  return text;
}

} // namespace texpr::plan
