// Folds: constants and identities of tx.scalar by its exact total meaning, reads of lists, binds of bound values.
//
//   tx.scalar floordiv %x, 1 -> %x          tx.scalar mod -7, 3 -> 2          tx.scalar quot %x, 0 -> 0
//   arith.select %c, %t, %u : tensor<?xf32> -> tx.compute (%i) { select %c, %t[%i], %u[%i] }
//   tx.read (tx.list %a, %b)[1] -> %b       tx.bind %computed [%n] -> %computed   (a callee's bind after inlining)
//
// The meaning of the scalar kinds stands in evaluateScalar, alone; the interpreter of par uses it too.
#include "dialects/tx/Extents.h"
#include "dialects/tx/Scalar.h"
#include "dialects/tx/TxOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace texpr::tx {

static APInt floorDivide(const APInt &a, const APInt &b) {
  APInt quotient = a.sdiv(b), remainder = a.srem(b);
  bool inexact = !remainder.isZero() && remainder.isNegative() != b.isNegative();
  return inexact ? quotient - 1 : quotient;
}

APInt evaluateScalar(ScalarKind kind, const APInt &a, const APInt &b) {
  unsigned width = a.getBitWidth();
  APInt zero = APInt::getZero(width);
  bool tooFar = b.uge(width);
  switch (kind) {
  case ScalarKind::floordiv:
    return b.isZero() ? zero : floorDivide(a, b);
  case ScalarKind::mod:
    return b.isZero() ? zero : a - b * floorDivide(a, b);
  case ScalarKind::quot:
    return b.isZero() ? zero : a.sdiv(b);
  case ScalarKind::rem:
    return b.isZero() ? zero : a.srem(b);
  case ScalarKind::divu:
    return b.isZero() ? zero : a.udiv(b);
  case ScalarKind::remu:
    return b.isZero() ? zero : a.urem(b);
  case ScalarKind::shl:
    return tooFar ? zero : a.shl(b);
  case ScalarKind::shrs:
    return tooFar ? (a.isNegative() ? APInt::getAllOnes(width) : zero) : a.ashr(b);
  case ScalarKind::shru:
    return tooFar ? zero : a.lshr(b);
  case ScalarKind::fptosi:
  case ScalarKind::fptoui:
    break;
  }
  llvm_unreachable("a conversion takes a float");
}

APInt evaluateConversion(ScalarKind kind, const APFloat &a, unsigned width) {
  llvm::APSInt result(width, /*isUnsigned=*/kind == ScalarKind::fptoui);
  bool exact;
  if (!a.isNaN())
    a.convertToInteger(result, APFloat::rmTowardZero, &exact); // saturates
  return result;
}

static unsigned widthOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

static OpFoldResult foldConstants(ScalarOp op, ArrayRef<Attribute> operands) {
  Type type = op.getResult().getType();
  if (operands.size() == 1) {
    auto a = dyn_cast_or_null<FloatAttr>(operands[0]);
    if (!a)
      return {};
    return IntegerAttr::get(type, evaluateConversion(op.getKind(), a.getValue(), widthOf(type)));
  }
  auto a = dyn_cast_or_null<IntegerAttr>(operands[0]);
  auto b = dyn_cast_or_null<IntegerAttr>(operands[1]);
  if (!a || !b)
    return {};
  return IntegerAttr::get(type, evaluateScalar(op.getKind(), a.getValue(), b.getValue()));
}

/// What holds whatever the left operand is.
static OpFoldResult foldIdentity(ScalarOp op, const APInt &b) {
  Value a = op.getOperands()[0];
  Attribute zero = IntegerAttr::get(a.getType(), 0);
  switch (op.getKind()) {
  case ScalarKind::floordiv:
  case ScalarKind::quot:
  case ScalarKind::divu:
    // By 1 the dividend, by 0 nothing. (A bool's only nonzero value is 1 and -1 at once.)
    return b.isZero() ? OpFoldResult(zero) : b.isOne() ? OpFoldResult(a) : OpFoldResult();
  case ScalarKind::mod:
  case ScalarKind::rem:
  case ScalarKind::remu:
    return b.isZero() || b.isOne() ? OpFoldResult(zero) : OpFoldResult();
  case ScalarKind::shl:
  case ScalarKind::shru:
    if (b.uge(b.getBitWidth()))
      return zero;
    return b.isZero() ? OpFoldResult(a) : OpFoldResult();
  case ScalarKind::shrs:
    return b.isZero() ? OpFoldResult(a) : OpFoldResult();
  default:
    return {};
  }
}

OpFoldResult ScalarOp::fold(FoldAdaptor adaptor) {
  if ((*this)->hasAttr("checked.div")) // a checked build reports a divisor of 0
    return {};
  if (OpFoldResult constant = foldConstants(*this, adaptor.getOperands()))
    return constant;
  if (getOperands().size() != 2)
    return {};
  APInt left, right;
  if (matchPattern(getOperands()[1], m_ConstantInt(&right)))
    return foldIdentity(*this, right);
  // 0 by anything is 0, shifted by anything too.
  if (matchPattern(getOperands()[0], m_ConstantInt(&left)) && left.isZero())
    return getOperands()[0];
  return {};
}

OpFoldResult BindOp::fold(FoldAdaptor) {
  auto arg = dyn_cast<BlockArgument>(getSource());
  if (arg && isa<FunctionOpInterface>(arg.getOwner()->getParentOp()))
    return {};
  return getSource();
}

OpFoldResult ReadOp::fold(FoldAdaptor) {
  auto list = getSource().getDefiningOp<ListOp>();
  APInt index;
  if (!list || getSourceType().getRank() != 1 ||
      !matchPattern(getIndices()[0], m_ConstantInt(&index)) || index.uge(list.getElements().size()))
    return {};
  return list.getElements()[index.getZExtValue()];
}

namespace {
/// read (list %t, …)[0, i…] -> read %t[i…], the guard kept.
struct ReadOfListedTensor : OpRewritePattern<ReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReadOp op, PatternRewriter &rewriter) const override {
    auto list = op.getSource().getDefiningOp<ListOp>();
    APInt index;
    if (!list || op.getSourceType().getRank() == 1 ||
        !matchPattern(op.getIndices()[0], m_ConstantInt(&index)) ||
        index.uge(list.getElements().size()))
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getSourceMutable().assign(list.getElements()[index.getZExtValue()]);
      op.getIndicesMutable().erase(0);
    });
    return success();
  }
};
} // namespace

namespace {
/// Upstream makes a choice of whole tensors from an `if` whose branches only name them. A form over elements fuses,
/// and no stage needs to know of chosen tensors.
struct SelectByElement : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SelectOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type || !op.getCondition().getType().isInteger(1) || !knownExtents(op.getTrueValue()) ||
        !knownExtents(op.getFalseValue()))
      return failure();
    SmallVector<StringRef> names = {"i", "j", "k", "l", "m", "n", "p", "q"};
    names.resize(type.getRank(), "r");
    auto body = [&](OpBuilder &b, Location loc, ValueRange at) {
      Value x = ReadOp::create(b, loc, op.getTrueValue(), at);
      Value y = ReadOp::create(b, loc, op.getFalseValue(), at);
      YieldOp::create(b, loc, ValueRange(arith::SelectOp::create(b, loc, op.getCondition(), x, y)));
    };
    rewriter.replaceOpWithNewOp<ComputeOp>(op, tx::getExtents(rewriter, op.getTrueValue()),
                                           rewriter.getStrArrayAttr(names), body);
    return success();
  }
};
} // namespace

void TxDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {
  patterns.add<SelectByElement>(getContext());
}

void ReadOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReadOfListedTensor>(context);
}

} // namespace texpr::tx
