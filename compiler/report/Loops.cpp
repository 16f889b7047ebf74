// What each loop of a mapped kernel became, read off its attributes.
//
// In: a kernel of the stage mapped, after roll-windows. Out: lines, indented by nesting:
//   chunk: threads
//     i: in order
//       max over j: 16 lanes, 4 accumulators
//       j: 16 lanes
// Equal neighbours (unrolled copies) are one line with their number.
#include "compiler/report/Loops.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace texpr::report {

namespace {

std::string axisNames(ArrayAttr axes) {
  return llvm::join(
      llvm::map_range(axes.getAsValueRange<StringAttr>(), [](StringRef s) { return s.str(); }),
      ", ");
}

int64_t count(Operation *op, StringRef name, int64_t absent) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : absent;
}

std::string elementName(Type t) {
  std::string text;
  llvm::raw_string_ostream(text) << t;
  return text;
}

class Lister {
public:
  explicit Lister(Indices &indices) : indices(indices) {}

  void block(Block &b, unsigned depth) {
    for (Operation &op : b) {
      std::string text = line(&op);
      unsigned inner = depth;
      if (!text.empty()) {
        add(std::string(2 * depth, ' ') + text);
        ++inner;
      }
      if (isa<par::ReduceOp>(op)) // its operands' loops only
        inner = depth + 1;
      for (Region &region : op.getRegions())
        for (Block &child : region)
          block(child, inner);
    }
  }

  std::vector<std::string> take() {
    std::vector<std::string> out;
    for (auto &[text, times] : lines)
      out.push_back(text + (times > 1 ? "  (" + std::to_string(times) + " times)" : ""));
    return out;
  }

private:
  void add(std::string text) {
    if (!lines.empty() && lines.back().first == text)
      ++lines.back().second;
    else
      lines.emplace_back(std::move(text), 1);
  }

  std::string line(Operation *op) {
    if (auto forall = dyn_cast<par::ForallOp>(op))
      return axisNames(forall.getAxes()) + ": " + levelText(forall);
    if (auto seq = dyn_cast<par::SeqOp>(op))
      return seq.getAxis().str() + ": in order" +
             (seq.hasWhile() ? ", as long as a condition holds" : "") +
             (plan::getWhy(seq).empty() ? alone(seq) : ", " + plan::getWhy(seq).str());
    if (auto reduce = dyn_cast<par::ReduceOp>(op))
      return reduceText(reduce) + alone(reduce);
    if (auto contract = dyn_cast<par::ContractOp>(op))
      return contractText(contract);
    if (auto alloc = dyn_cast<par::AllocOp>(op))
      return bufferText(alloc.getType(), alloc.getExtents(), alloc.getName(),
                        alloc.getPlace().value_or("") == "reg" ? "in registers" : "on the stack");
    if (auto slot = dyn_cast<par::SlotOp>(op))
      return bufferText(slot.getType(), slot.getExtents(), nameOf(slot), "in the workspace");
    if (!isa<scf::IfOp>(op) || !hasLoops(op))
      return "";
    return plan::getWhy(op).empty() ? "if" : "if " + plan::getWhy(op).str() + ", else below";
  }

  /// Said of an outermost loop that no threads share, in whole or in parts.
  static std::string alone(Operation *op) {
    auto isShared = [](par::ForallOp forall) { return forall.getLevel() == "thread"; };
    bool isAlone = !isa<par::ForallOp, par::SeqOp, par::ReduceOp>(op->getParentOp());
    for (auto around = op->getParentOfType<par::ForallOp>(); around;
         around = around->getParentOfType<par::ForallOp>())
      isAlone &= !isShared(around);
    op->walk([&](par::ForallOp inside) { isAlone &= !isShared(inside); });
    return isAlone ? ", on one thread" : "";
  }

  static bool hasLoops(Operation *op) {
    return op->walk([](tx::HasDomain) { return WalkResult::interrupt(); }).wasInterrupted();
  }

  std::string levelText(par::ForallOp forall) {
    StringRef level = forall.getLevel().value_or("step");
    StringRef last = cast<StringAttr>(forall.getAxes()[forall.getNumAxes() - 1]).getValue();
    std::string text = "in order";
    if (level == "thread")
      text = "threads";
    else if (level == "simd")
      text = std::to_string(count(forall, "plan.vector", 1)) + " lanes" +
             (forall.getNumAxes() > 1 ? " along " + last.str() : "");
    else if (level != "step")
      text = level.str();
    if (level == "step" && isOfAtomics(forall))
      text += " on one thread: " + plan::getWhy(forall).str();
    text += pinned(forall);
    if (int64_t rows = count(forall, "par.ring", 0))
      text += ", new rows only: a ring of " + std::to_string(rows);
    return text;
  }

  /// An outermost loop that the plan keeps from threads for the sake of its atomics.
  static bool isOfAtomics(par::ForallOp forall) {
    return !forall->getParentOfType<par::ForallOp>() && !plan::getWhy(forall).empty() &&
           forall.walk([](par::AtomicOp) { return WalkResult::interrupt(); }).wasInterrupted();
  }

  /// The source asked for it.
  static std::string pinned(Operation *op) {
    auto pins = op->getAttrOfType<ArrayAttr>(plan::pinnedName);
    bool isOfLoop = pins && llvm::any_of(pins.getAsValueRange<StringAttr>(),
                                         [](StringRef name) { return name != "store"; });
    return isOfLoop ? " (pinned)" : "";
  }

  static std::string whyInOrder(par::ReduceOp reduce) {
    if (reduce.getCombiner())
      return ", as a user's operator is";
    auto around = reduce->getParentOfType<par::ForallOp>();
    if (around && around.getLevel().value_or("") == "simd")
      return ", each lane its own";
    StringRef why = plan::getWhy(reduce);
    return why.empty() ? "" : ": " + why.str();
  }

  static std::string reduceText(par::ReduceOp reduce) {
    bool isUser = bool(reduce.getCombiner());
    StringRef op = isUser ? *reduce.getCombiner() : tx::stringifyCombine(reduce.getOp());
    op.consume_back(".op");
    std::string text = op.str() + " over " + axisNames(reduce.getAxes()) + ": ";
    if (reduce.getLevel().value_or("step") != "simd")
      return text + "in order" + whyInOrder(reduce);
    return text + std::to_string(count(reduce, "plan.vector", 1)) + " lanes, " +
           std::to_string(count(reduce, "plan.unroll", 1)) + " accumulators" + pinned(reduce);
  }

  static std::string contractText(par::ContractOp contract) {
    auto row = contract.getInstr();
    if (!row)
      return "products, summed: in order";
    auto number = [&](StringRef key) {
      return std::to_string(row->getAs<IntegerAttr>(key).getInt());
    };
    return "products, summed: tiles of " + number("m") + " x " + number("n") +
           " in registers, by " + row->getAs<StringAttr>("name").str();
  }

  /// A copy that the plan made; a buffer of the source has its name among the values.
  static std::optional<StringRef> nameOf(par::SlotOp slot) {
    auto name = slot->getAttrOfType<StringAttr>("par.name");
    return name && name.getValue().starts_with("copy of ") ? std::optional(name.getValue())
                                                           : std::nullopt;
  }

  static std::string bytesText(par::BufType type, ValueRange extents) {
    int64_t bytes = std::max(1u, type.getElementType().getIntOrFloatBitWidth() / 8);
    for (Value extent : extents) {
      APInt length;
      bytes *= matchPattern(extent, m_ConstantInt(&length)) ? length.getSExtValue() : 0;
    }
    return std::to_string(bytes) + " bytes ";
  }

  std::string bufferText(par::BufType type, ValueRange extents, std::optional<StringRef> name,
                         StringRef place) {
    std::string text =
        (name ? name->str() : "buffer") + " " + elementName(type.getElementType()) + "[";
    for (auto [i, extent] : llvm::enumerate(extents))
      text += (i ? ", " : "") + indices.of(extent).str();
    bool isCopy = name && name->starts_with("copy of ");
    return text + "] " + (isCopy ? bytesText(type, extents) : "") + place.str();
  }

  Indices &indices;
  std::vector<std::pair<std::string, unsigned>> lines;
};

} // namespace

std::vector<std::string> loopsOf(par::KernelOp kernel, Indices &indices) {
  Lister lister(indices);
  lister.block(*kernel.getBlock(), 0);
  return lister.take();
}

Scratch scratchOf(par::KernelOp kernel) {
  Scratch scratch;
  kernel.walk([&](par::AllocOp alloc) {
    Type element = cast<par::BufType>(alloc.getType()).getElementType();
    int64_t bytes = element.isInteger(1) ? 1 : element.getIntOrFloatBitWidth() / 8;
    for (Value extent : alloc.getExtents()) {
      APInt length;
      bytes *= matchPattern(extent, m_ConstantInt(&length)) ? length.getSExtValue() : 0;
    }
    (alloc.getPlace().value_or("") == "reg" ? scratch.registers : scratch.stack) += bytes;
  });
  return scratch;
}

} // namespace texpr::report
