// The rules of plan attributes: one function a kind of contents, one row a name.
//
// An unknown name is refused: a pin that nothing reads is a mistake that would otherwise pass in
// silence.
#include "dialects/plan/Plan.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace texpr::plan {

namespace {
bool isString(Attribute a) { return isa<StringAttr>(a); }

bool isCount(Attribute a) {
  auto count = dyn_cast<IntegerAttr>(a);
  return count && count.getInt() > 0;
}

bool isFlag(Attribute a) { return isa<UnitAttr>(a); }

bool isDepth(Attribute a) {
  auto depth = dyn_cast<IntegerAttr>(a);
  return depth && depth.getInt() >= 0;
}

bool isStore(Attribute a) {
  auto word = dyn_cast<StringAttr>(a);
  return word && llvm::is_contained({"inline", "tile", "memory"}, word.getValue());
}

bool isPlace(Attribute a) {
  auto word = dyn_cast<StringAttr>(a);
  return word &&
         llvm::is_contained({"reg", "stack", "shared", "workspace", "result"}, word.getValue());
}

bool isSizes(Attribute a) {
  auto sizes = dyn_cast<DictionaryAttr>(a);
  return sizes && llvm::all_of(sizes, [](NamedAttribute e) { return isCount(e.getValue()); });
}

template <typename Element> bool isListOf(Attribute a) {
  auto list = dyn_cast<ArrayAttr>(a);
  return list && llvm::all_of(list, [](Attribute e) { return isa<Element>(e); });
}

bool isRow(Attribute a) {
  auto row = dyn_cast<DictionaryAttr>(a);
  return row && row.getAs<StringAttr>("name");
}

bool isAlgo(Attribute a) {
  return isRow(a) && llvm::all_of(cast<DictionaryAttr>(a), [](NamedAttribute e) {
           return e.getName() == "name" || isCount(e.getValue());
         });
}

bool isLayout(Attribute a) { return a.getDialect().getNamespace() == "par"; }

bool isDictionary(Attribute a) { return isa<DictionaryAttr>(a); }

struct Rule {
  StringLiteral name;
  bool (*holds)(Attribute);
  StringLiteral expected;
};

constexpr Rule rules[] = {
    {storeName, isStore, "\"inline\", \"tile\" or \"memory\""},
    {depthName, isDepth, "a count of axes"},
    {whyName, isString, "a text"},
    {tileName, isSizes, "a dictionary of positive sizes by axis"},
    {blocksName, isSizes, "a dictionary of positive sizes by axis"},
    {orderName, isListOf<StringAttr>, "a list of axis names"},
    {grainName, isCount, "a positive integer"},
    {workName, isCount, "a positive integer"},
    {tasksName, isCount, "a positive integer"},
    {leastName, isCount, "a positive integer"},
    {vectorName, isCount, "a positive integer"},
    {unrollName, isCount, "a positive integer"},
    {straightName, isFlag, "a unit"},
    {mapName, isListOf<StringAttr>, "a list of level names"},
    {algoName, isAlgo, "an algorithm: its `name`, and positive numbers"},
    {className, isListOf<IntegerSetAttr>, "a list of integer sets"},
    {placeName, isPlace, "\"reg\", \"stack\", \"shared\", \"workspace\" or \"result\""},
    {layoutName, isLayout, "a #par.layout"},
    {stageName, isDictionary, "a dictionary"},
    {instrName, isRow, "a row of the target's table, with its `name`"},
    {storedName, isListOf<DictionaryAttr>, "a list of what goes to memory, with place and reason"},
    {pinnedName, isListOf<StringAttr>, "a list of plan attributes' names"},
};
} // namespace

PlanDialect::PlanDialect(MLIRContext *context)
    : Dialect(getDialectNamespace(), context, TypeID::get<PlanDialect>()) {}

LogicalResult PlanDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().strref();
  const Rule *rule = llvm::find_if(rules, [&](const Rule &r) { return r.name == name; });
  // D1 the name is known
  if (rule == std::end(rules))
    return op->emitError("no decision is called `") << name << "`";
  // D2 the contents are of the name's kind
  if (!rule->holds(attribute.getValue()))
    return op->emitError("`") << name << "` is " << rule->expected;
  return success();
}

} // namespace texpr::plan
