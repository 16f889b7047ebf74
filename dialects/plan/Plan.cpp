// Typed access to the plan attributes.
//
// A getter answers "nothing" where the attribute is absent; PlanVerify.cpp has refused the wrong
// kinds before.
#include "dialects/plan/Plan.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace texpr::plan {

StringRef stringify(Store store) {
  switch (store) {
  case Store::inlined:
    return "inline";
  case Store::tile:
    return "tile";
  case Store::memory:
    return "memory";
  }
  llvm_unreachable("every case returns");
}

static StringRef getString(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<StringAttr>(name);
  return attr ? attr.getValue() : StringRef();
}

std::optional<Store> getStore(Operation *op) {
  StringRef word = getString(op, storeName);
  for (Store store : {Store::inlined, Store::tile, Store::memory})
    if (word == stringify(store))
      return store;
  return std::nullopt;
}

void setStore(Operation *op, Store store) {
  op->setAttr(storeName, StringAttr::get(op->getContext(), stringify(store)));
}

std::optional<int64_t> getCount(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? std::optional(attr.getInt()) : std::nullopt;
}

void setCount(Operation *op, StringRef name, int64_t count) {
  op->setAttr(name, Builder(op->getContext()).getI64IntegerAttr(count));
}

int64_t getDepth(Operation *op) { return getCount(op, depthName).value_or(0); }
void setDepth(Operation *op, int64_t depth) { setCount(op, depthName, depth); }

StringRef getWhy(Operation *op) { return getString(op, whyName); }
void setWhy(Operation *op, const Twine &why) {
  op->setAttr(whyName, StringAttr::get(op->getContext(), why));
}

std::optional<int64_t> getTile(Operation *op, StringRef axis) {
  auto sizes = op->getAttrOfType<DictionaryAttr>(tileName);
  auto size = sizes ? sizes.getAs<IntegerAttr>(axis) : IntegerAttr();
  return size ? std::optional(size.getInt()) : std::nullopt;
}

void setTile(Operation *op, ArrayRef<std::pair<StringRef, int64_t>> sizes) {
  Builder b(op->getContext());
  SmallVector<NamedAttribute> entries;
  for (auto [axis, size] : sizes)
    entries.push_back(b.getNamedAttr(axis, b.getI64IntegerAttr(size)));
  op->setAttr(tileName, b.getDictionaryAttr(entries));
}

StringRef getAlgo(Operation *op) {
  auto algo = op->getAttrOfType<DictionaryAttr>(algoName);
  return algo ? algo.getAs<StringAttr>("name").getValue() : StringRef();
}

std::optional<int64_t> getAlgoNumber(Operation *op, StringRef name) {
  auto algo = op->getAttrOfType<DictionaryAttr>(algoName);
  auto number = algo ? algo.getAs<IntegerAttr>(name) : IntegerAttr();
  return number ? std::optional(number.getInt()) : std::nullopt;
}

void setAlgo(Operation *op, StringRef algo, ArrayRef<AlgoNumber> numbers) {
  Builder b(op->getContext());
  SmallVector<NamedAttribute> entries = {b.getNamedAttr("name", b.getStringAttr(algo))};
  for (auto [name, value] : numbers)
    entries.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(value)));
  op->setAttr(algoName, b.getDictionaryAttr(entries));
}

SmallVector<IntegerSet> getClasses(Operation *op) {
  SmallVector<IntegerSet> classes;
  if (auto sets = op->getAttrOfType<ArrayAttr>(className))
    for (Attribute set : sets)
      classes.push_back(cast<IntegerSetAttr>(set).getValue());
  return classes;
}

void setClasses(Operation *op, ArrayRef<IntegerSet> classes) {
  SmallVector<Attribute> sets;
  for (IntegerSet set : classes)
    sets.push_back(IntegerSetAttr::get(set));
  op->setAttr(className, ArrayAttr::get(op->getContext(), sets));
}

StringRef getPlace(Operation *op) { return getString(op, placeName); }
void setPlace(Operation *op, StringRef place) {
  op->setAttr(placeName, StringAttr::get(op->getContext(), place));
}

DictionaryAttr getInstr(Operation *op) { return op->getAttrOfType<DictionaryAttr>(instrName); }
void setInstr(Operation *op, DictionaryAttr row) { op->setAttr(instrName, row); }

bool isPinned(Operation *op, StringRef name) {
  auto pins = op->getAttrOfType<ArrayAttr>(pinnedName);
  return pins && llvm::is_contained(pins, StringAttr::get(op->getContext(), name));
}

void pin(Operation *op, StringRef name) {
  if (isPinned(op, name))
    return;
  SmallVector<Attribute> pins;
  if (auto old = op->getAttrOfType<ArrayAttr>(pinnedName))
    pins.append(old.begin(), old.end());
  pins.push_back(StringAttr::get(op->getContext(), name));
  op->setAttr(pinnedName, ArrayAttr::get(op->getContext(), pins));
}

void copyPlan(Operation *from, Operation *to) {
  for (NamedAttribute attr : from->getDiscardableAttrs())
    if (attr.getName().strref().starts_with("plan."))
      to->setDiscardableAttr(attr.getName(), attr.getValue());
}

} // namespace texpr::plan
