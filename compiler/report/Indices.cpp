// Reads index arithmetic back into formulas.
//
// In: SSA values over the dims of a function. Out: polynomials; what is none (a quotient, a minimum) becomes a variable
// with its text. The shapes that the compiler itself makes are read as what they mean:
//   (x + y - 1) / y → ceil(x / y)     (x + 63) & -64 → up64(x)     max(x, 0) → x where x cannot be negative
// What must hold: the formula is exact where it has no clipped window and no quotient of an axis; it is never used
// to generate code.
#include "compiler/report/Indices.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::report {

Indices::Indices(func::FuncOp func, std::vector<std::string> dims, Axes axes) : axes(axes) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto dim = func.getArgAttrOfType<StringAttr>(i, "tx.dim");
    if (!dim && func.getArgumentTypes()[i].isIndex()) // an integer parameter
      dim = func.getArgAttrOfType<StringAttr>(i, "tx.name");
    if (!dim && i >= dims.size())
      continue;
    std::string name = dim ? dim.str() : dims[i];
    dimNames.insert(name);
    known[func.getArgument(i)] = Formula::atom(name);
  }
}

void Indices::setName(Value v, StringRef name) {
  APInt constant;
  if (known.count(v) || matchPattern(v, m_ConstantInt(&constant)))
    return;
  dimNames.insert(name.str());
  known[v] = Formula::atom(name.str());
}

bool Indices::reaches(Value v, llvm::function_ref<bool(Value)> goal) {
  SmallVector<Value> open = {v};
  llvm::DenseSet<Value> done;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!done.insert(next).second)
      continue;
    if (goal(next))
      return true;
    Operation *def = next.getDefiningOp();
    if (def && def->getNumRegions() == 0)
      open.append(def->operand_begin(), def->operand_end());
  }
  return false;
}

bool Indices::dependsOnAxis(Value v) {
  return reaches(v, [](Value x) {
    auto arg = dyn_cast<BlockArgument>(x);
    return arg && !isa<func::FuncOp>(arg.getOwner()->getParentOp());
  });
}

bool Indices::dependsOnData(Value v) {
  return reaches(v, [](Value x) {
    return bool(x.getDefiningOp<par::LoadOp>()) || bool(x.getDefiningOp<tx::ReadOp>());
  });
}

Formula Indices::atom(const std::string &text) {
  if (text.size() <= 36)
    return Formula::atom(text);
  for (auto &[name, definition] : named)
    if (definition == text)
      return Formula::atom(name);
  std::string name;
  for (unsigned n = 1; name.empty() || dimNames.count(name); ++n)
    name = "t" + std::to_string(named.size() + n);
  named.emplace_back(name, text);
  return Formula::atom(name);
}

static std::string operand(const Formula &f) { return f.isSum() ? "(" + f.str() + ")" : f.str(); }

Formula Indices::quotient(Value dividend, Value divisor, bool roundsUp) {
  Formula top = of(dividend), bottom = of(divisor);
  if (bottom == Formula(1))
    return top;
  Formula above = top - (bottom - 1);
  // x + (y - 1) over y; of a constant y only where x is left without a remainder of its own.
  if (!roundsUp && above.isNonNegative() &&
      (!bottom.isConstant() || top.constant() == bottom.constant() - 1)) {
    roundsUp = true;
    top = above;
  }
  if (top == bottom)
    return 1;
  std::string text = operand(top) + " / " + operand(bottom);
  return atom(roundsUp ? "ceil(" + text + ")" : "floor(" + text + ")");
}

Formula Indices::choice(Operation *op, bool isMax) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  // A side that moves with an axis is clipped at the ends of a tensor only.
  if (dependsOnAxis(a) != dependsOnAxis(b))
    return of(dependsOnAxis(a) ? a : b);
  Formula x = of(a), y = of(b), difference = x - y;
  if (difference.isConstant())
    return (difference.constant() > 0) == isMax ? x : y;
  if (difference.isNonNegative())
    return isMax ? x : y;
  if ((y - x).isNonNegative())
    return isMax ? y : x;
  return atom((isMax ? "max(" : "min(") + x.str() + ", " + y.str() + ")");
}

Formula Indices::of(Value v) {
  auto it = known.find(v);
  if (it != known.end())
    return it->second;
  Formula f = compute(v);
  return known[v] = f;
}

Formula Indices::compute(Value v) {
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)))
    return double(constant.getSExtValue());
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    if (axes == Axes::summed)
      return Formula::atom(variable(v));
    Operation *loop = arg.getOwner()->getParentOp();
    if (auto names = loop->getAttrOfType<ArrayAttr>("axes");
        names && arg.getArgNumber() < names.size())
      return Formula::atom(cast<StringAttr>(names[arg.getArgNumber()]).str());
    auto seq = dyn_cast<par::SeqOp>(loop);
    return Formula::atom(seq && arg.getArgNumber() == 0 ? seq.getAxis().str() : "?");
  }
  Operation *op = v.getDefiningOp();
  if (isa<arith::AddIOp>(op))
    return of(op->getOperand(0)) + of(op->getOperand(1));
  if (isa<arith::SubIOp>(op))
    return of(op->getOperand(0)) - of(op->getOperand(1));
  if (isa<arith::MulIOp>(op))
    return of(op->getOperand(0)) * of(op->getOperand(1));
  if (isa<arith::MaxSIOp, arith::MaxUIOp>(op))
    return choice(op, true);
  if (isa<arith::MinSIOp, arith::MinUIOp>(op))
    return choice(op, false);
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(op))
    return quotient(op->getOperand(0), op->getOperand(1), false);
  if (isa<arith::RemSIOp, arith::RemUIOp>(op))
    return atom(operand(of(op->getOperand(0))) + " % " + operand(of(op->getOperand(1))));
  if (isa<arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return quotient(op->getOperand(0), op->getOperand(1), true);
  if (auto scalar = dyn_cast<tx::ScalarOp>(op))
    if (scalar.getKind() == tx::ScalarKind::floordiv)
      return quotient(op->getOperand(0), op->getOperand(1), false);
  if (isa<arith::AndIOp>(op) && matchPattern(op->getOperand(1), m_ConstantInt(&constant)) &&
      constant.getSExtValue() == -64) {
    Formula bytes = of(op->getOperand(0)) - 63;
    return bytes.isConstant() ? Formula(double((int64_t(bytes.constant()) + 63) / 64 * 64))
                              : atom("up64(" + bytes.str() + ")");
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return of(op->getOperand(0));
  return Formula::atom("?");
}

std::string Indices::variable(Value axis) {
  std::string &name = variables[axis];
  if (name.empty())
    name = "#" + std::to_string(variables.size()) + "#";
  return name;
}

Formula Indices::sum(const Formula &f, Value axis, Value lower, Value upper, StringRef name) {
  bool isData = dependsOnData(lower) || dependsOnData(upper);
  Formula from = isData ? Formula() : of(lower);
  Formula to = isData ? Formula::atom("|" + name.str() + "|") : of(upper);
  return f.sumOver(variable(axis), from, to, name.str());
}

Formula Indices::first(const Formula &f, Value axis, Value lower, StringRef name) {
  return f.sumOver(variable(axis), of(lower), of(lower) + 1, name.str());
}

} // namespace texpr::report
