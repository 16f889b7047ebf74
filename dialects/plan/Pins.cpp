// The table of pins, as a list of dictionaries, and the forms that locations name.
//
//   {name = "vector", value = 8 : i64, form = ["f.tx", 3, 5], function = "f", spelling = "@vector", at = ["f.tx", 3, 24]}
//
// A location of no form is a NameLoc around its place: inlining and cloning keep it, and no comparison of ops sees it.
#include "dialects/plan/Pins.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace texpr::plan {

static constexpr llvm::StringLiteral besides = "value";

static ArrayAttr write(Builder &b, const SourcePlace &place) {
  return b.getArrayAttr({b.getStringAttr(place.file), b.getI64IntegerAttr(place.line),
                         b.getI64IntegerAttr(place.column)});
}

static SourcePlace readPlace(Attribute attr) {
  auto parts = cast<ArrayAttr>(attr);
  return {cast<StringAttr>(parts[0]).getValue(), unsigned(cast<IntegerAttr>(parts[1]).getInt()),
          unsigned(cast<IntegerAttr>(parts[2]).getInt())};
}

SmallVector<Pin> getPins(ModuleOp module) {
  SmallVector<Pin> pins;
  auto table = module->getAttrOfType<ArrayAttr>(pinsName);
  if (!table)
    return pins;
  for (Attribute entry : table) {
    auto row = cast<DictionaryAttr>(entry);
    auto text = [&](StringRef key) {
      auto attr = row.getAs<StringAttr>(key);
      return attr ? attr.getValue() : StringRef();
    };
    Pin pin;
    pin.name = text("name");
    pin.value = row.get("value");
    if (Attribute form = row.get("form"))
      pin.form = readPlace(form);
    pin.function = text("function");
    pin.kind = text("kind");
    if (auto numbers = row.getAs<DenseI64ArrayAttr>("numbers"))
      pin.numbers.assign(numbers.asArrayRef().begin(), numbers.asArrayRef().end());
    if (auto classes = row.getAs<DenseI64ArrayAttr>("classes"))
      pin.classes.assign(classes.asArrayRef().begin(), classes.asArrayRef().end());
    pin.target = text("target");
    pin.spelling = text("spelling");
    pin.at = readPlace(row.get("at"));
    pin.isUsed = row.get("used") != nullptr;
    pins.push_back(std::move(pin));
  }
  return pins;
}

void setPins(ModuleOp module, ArrayRef<Pin> pins) {
  Builder b(module.getContext());
  SmallVector<Attribute> rows;
  for (const Pin &pin : pins) {
    NamedAttrList row;
    auto text = [&](StringRef key, StringRef value) {
      if (!value.empty())
        row.set(key, b.getStringAttr(value));
    };
    text("name", pin.name);
    row.set("value", pin.value);
    if (pin.form.line)
      row.set("form", write(b, pin.form));
    text("function", pin.function);
    text("kind", pin.kind);
    if (!pin.numbers.empty())
      row.set("numbers", b.getDenseI64ArrayAttr(pin.numbers));
    if (!pin.classes.empty())
      row.set("classes", b.getDenseI64ArrayAttr(pin.classes));
    text("target", pin.target);
    text("spelling", pin.spelling);
    row.set("at", write(b, pin.at));
    if (pin.isUsed)
      row.set("used", b.getUnitAttr());
    rows.push_back(row.getDictionary(module.getContext()));
  }
  if (rows.empty())
    module->removeAttr(pinsName);
  else
    module->setAttr(pinsName, b.getArrayAttr(rows));
}

SourcePlace formOf(Operation *op) {
  SourcePlace place;
  op->getLoc()->walk([&](Location l) {
    if (auto name = dyn_cast<NameLoc>(l); name && name.getName() == besides)
      return WalkResult::interrupt();
    auto file = dyn_cast<FileLineColLoc>(l);
    if (!file)
      return WalkResult::advance();
    place = {file.getFilename().getValue(), file.getLine(), file.getColumn()};
    return WalkResult::interrupt();
  });
  return place;
}

SourcePlace placeOf(Operation *op) {
  SourcePlace place;
  op->getLoc()->walk([&](Location l) {
    auto file = dyn_cast<FileLineColLoc>(l);
    if (!file)
      return WalkResult::advance();
    place = {file.getFilename().getValue(), file.getLine(), file.getColumn()};
    return WalkResult::interrupt();
  });
  return place;
}

Location besidesForms(Location place) {
  return NameLoc::get(StringAttr::get(place.getContext(), besides), place);
}

static constexpr llvm::StringLiteral classPrefix = "class ";

Location inClass(Location location, unsigned number) {
  return NameLoc::get(StringAttr::get(location.getContext(), classPrefix + std::to_string(number)),
                      location);
}

unsigned classOf(Operation *op) {
  unsigned number = 0;
  op->getLoc()->walk([&](Location l) {
    auto name = dyn_cast<NameLoc>(l);
    StringRef text = name ? name.getName().getValue() : StringRef();
    bool isFound = text.consume_front(classPrefix) && !text.getAsInteger(10, number);
    return isFound ? WalkResult::interrupt() : WalkResult::advance();
  });
  return number;
}

Location toLocation(MLIRContext *context, const SourcePlace &place) {
  return FileLineColLoc::get(context, place.file, place.line, place.column);
}

Location locationOfPin(Operation *op, StringRef name) {
  auto module = op->getParentOfType<ModuleOp>();
  SourcePlace form = formOf(op);
  if (module && form.line)
    for (const Pin &pin : getPins(module))
      if (pin.name == name && pin.form == form)
        return toLocation(op->getContext(), pin.at);
  return op->getLoc();
}

} // namespace texpr::plan
