// The C view of a function, read off the argument attributes of the stage `par`.
//
// In:  func.func @f(%m: index {tx.dim = "m"},
//                   %k: index {tx.dim = "k", tx.position = 1, tx.type = "i32"},
//                   %x: !par.buf<?xf32> {tx.name = "x"}, %y: !par.buf<?xf32> {tx.name = "y", tx.out})
// Out: dims {m}, params {x, k}, results {y}: the C order, where an integer parameter that serves as
// a dim stands at its own place (`tx.position`, counted in leaves of parameters). Results marked `tx.found` are the
// dims that are found while running.
#include "compiler/emit/Entry.h"
#include "dialects/par/ParOps.h"

using namespace mlir;

namespace texpr::emit {

/// How .tx spells an element type; integers are signless here, so the argument says `tx.unsigned`.
static std::string spelling(Type type, bool isUnsigned) {
  if (type.isF64())
    return "f64";
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  if (isa<Float8E4M3FNType>(type))
    return "f8e4m3";
  if (isa<Float8E5M2Type>(type))
    return "f8e5m2";
  if (type.isIndex())
    return isUnsigned ? "u64" : "i64";
  if (type.isInteger(1))
    return "bool";
  return (isUnsigned ? "u" : "i") + std::to_string(type.getIntOrFloatBitWidth());
}

AbiFunction abiOf(func::FuncOp func) {
  AbiFunction abi;
  abi.name = func.getName().str();
  if (auto signature = func->getAttrOfType<StringAttr>("tx.signature"))
    abi.signature = signature.getValue().str();
  std::vector<std::pair<int64_t, AbiLeaf>> placed;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    bool isUnsigned = bool(func.getArgAttr(i, "tx.unsigned"));
    Type type = func.getArgument(i).getType();
    if (auto dim = func.getArgAttrOfType<StringAttr>(i, "tx.dim")) {
      auto position = func.getArgAttrOfType<IntegerAttr>(i, "tx.position");
      auto declared = func.getArgAttrOfType<StringAttr>(i, "tx.type");
      if (!position) {
        abi.dims.push_back(dim.getValue().str());
        continue;
      }
      AbiLeaf leaf{dim.getValue().str(), declared ? declared.getValue().str() : "i64", false, false,
                   true};
      placed.emplace_back(position.getInt(), leaf);
      continue;
    }
    AbiLeaf leaf;
    if (auto name = func.getArgAttrOfType<StringAttr>(i, "tx.name"))
      leaf.name = name.getValue().str();
    if (Attribute most = func.getArgAttr(i, "tx.found")) {
      abi.foundDims.push_back(leaf.name);
      abi.foundMost.push_back(isa<StringAttr>(most) ? cast<StringAttr>(most).str() : "");
      continue;
    }
    auto buffer = dyn_cast<par::BufType>(type);
    leaf.isTensor = bool(buffer);
    leaf.isInout = bool(func.getArgAttr(i, "tx.inout"));
    leaf.scalar = spelling(buffer ? buffer.getElementType() : type, isUnsigned);
    (func.getArgAttr(i, "tx.out") ? abi.results : abi.params).push_back(leaf);
  }
  llvm::sort(placed, [](auto &x, auto &y) { return x.first < y.first; });
  for (auto &[position, leaf] : placed)
    abi.params.insert(abi.params.begin() + std::min<size_t>(position, abi.params.size()), leaf);
  return abi;
}

std::vector<AbiFunction> abiOf(ModuleOp module) {
  std::vector<AbiFunction> all;
  for (auto func : module.getOps<func::FuncOp>())
    if (func->hasAttr("tx.export"))
      all.push_back(abiOf(func));
  return all;
}

} // namespace texpr::emit
