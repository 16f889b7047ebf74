// instrument-checks: a checked build verifies while it runs what the compiler took as proved or
// promised.
//
// In: stage `par`, right after lower-to-par, one kernel a form: every access of every form is a
// load, a store or an atomic with its indices, at the place of the source. Out: the same with
// checks, and every loop serial.
//   par.load %x[%i]      →  scf.if %i >= %n (unsigned) { par.fail 3 if true values(%i, %n); par.stop }
//                           par.load %x[%i]
// What must hold: no pass before this one drops or moves an access because of a fact; so
// simplify-indices does not run, and `assume` is a test and not a fact. Instrumenting here instead of
// in import/ takes a form's accesses as they will run, whichever form it is.
#include "compiler/transform/Checked.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/Iteration.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_INSTRUMENTCHECKS
#define GEN_PASS_DEF_INSTRUMENTLAWS
#include "compiler/transform/Passes.h.inc"

namespace checked {

Sites::Sites(ModuleOp module) : module(module) {
  if (auto sites = module->getAttrOfType<ArrayAttr>("texpr.sites"))
    all.assign(sites.begin(), sites.end());
}

/// The place in the source: of a call that was inlined, the callee's.
static FileLineColLoc placeOf(Location loc) {
  FileLineColLoc place;
  loc->walk([&](Location at) {
    place = dyn_cast<FileLineColLoc>(at);
    return place ? WalkResult::interrupt() : WalkResult::advance();
  });
  return place;
}

int64_t Sites::add(Location loc, const Twine &text, size_t values) {
  Builder b(module.getContext());
  FileLineColLoc place = placeOf(loc);
  StringRef file = place ? place.getFilename().getValue() : StringRef();
  int64_t line = place ? place.getLine() : 0, column = place ? place.getColumn() : 0;
  std::string where =
      place ? (file + ":" + Twine(line) + ":" + Twine(column) + ": ").str() : std::string();
  all.push_back(b.getDictionaryAttr({b.getNamedAttr("text", b.getStringAttr(where + text)),
                                     b.getNamedAttr("file", b.getStringAttr(file)),
                                     b.getNamedAttr("line", b.getI64IntegerAttr(line)),
                                     b.getNamedAttr("col", b.getI64IntegerAttr(column)),
                                     b.getNamedAttr("values", b.getI64IntegerAttr(values))}));
  return all.size() - 1;
}

std::string Sites::text(int64_t site) const {
  if (auto words = cast<DictionaryAttr>(all[site]).getAs<StringAttr>("text"))
    return words.getValue().str();
  return "what was promised";
}

bool Sites::isOurs(int64_t site) const {
  return bool(cast<DictionaryAttr>(all[site]).get("values"));
}

void Sites::write() { module->setAttr("texpr.sites", ArrayAttr::get(module.getContext(), all)); }

/// Names that the compiler gave: of the axes of views and of whole buffers.
static bool isMade(StringRef name) {
  unsigned number;
  return (name.consume_front("v") || name.consume_front("e")) && !name.getAsInteger(10, number);
}

Around::Around(Operation *op) {
  constexpr size_t most = 6;
  SmallVector<std::pair<StringRef, Value>> axes; // innermost first
  for (Operation *child = op; Operation *parent = child->getParentOp(); child = parent) {
    Block *block = child->getBlock();
    if (parent->hasAttr(kMade))
      continue;
    if (auto seq = dyn_cast<par::SeqOp>(parent)) {
      axes.push_back({seq.getAxis(), block->getArgument(0)});
    } else if (auto domain = dyn_cast<tx::HasDomain>(parent)) {
      ArrayAttr names = parent->getAttrOfType<ArrayAttr>("axes");
      for (size_t i = names ? names.size() : 0; i-- > 0;)
        axes.push_back({cast<StringAttr>(names[i]).getValue(), block->getArgument(i)});
    }
  }
  for (auto [name, value] : llvm::reverse(axes)) {
    if (isMade(name) || values.size() == most)
      continue;
    text += (text.empty() ? ", at " : ", ") + name.str() + " = {}";
    values.push_back(value);
  }
}

void failIf(OpBuilder &b, Location loc, Value bad, int64_t site,
            function_ref<SmallVector<Value>(OpBuilder &)> values, Value index) {
  auto choice = scf::IfOp::create(b, loc, bad, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  SmallVector<Value> given = values(b);
  Value yes = arith::ConstantIntOp::create(b, loc, 1, 1);
  par::FailOp::create(b, loc, yes, b.getI64IntegerAttr(site),
                      index ? index : par::iterationAt(b, loc), given);
  par::StopOp::create(b, loc);
}

void failAround(OpBuilder &b, Sites &sites, Operation *op, Value bad, const Twine &text,
                Value index) {
  Around around(op);
  int64_t site = sites.add(op->getLoc(), text + around.text, around.values.size());
  failIf(b, op->getLoc(), bad, site, [&](OpBuilder &) { return around.values; }, index);
}

std::string nameOf(Value buffer) {
  StringAttr name;
  if (auto alloc = buffer.getDefiningOp<par::AllocOp>())
    name = alloc.getNameAttr();
  else if (auto bind = buffer.getDefiningOp<par::BindOp>())
    if (auto arg = dyn_cast<BlockArgument>(bind.getSource()))
      if (auto func = dyn_cast<func::FuncOp>(arg.getOwner()->getParentOp()))
        name = func.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "tx.name");
  return name ? "`" + name.getValue().str() + "`" : "a value";
}

} // namespace checked

namespace {
using namespace checked;

/// Tests that were there before stop as the others do.
void rewordFailures(ModuleOp module, Sites &sites) {
  SmallVector<par::FailOp> fails;
  module.walk([&](par::FailOp op) { fails.push_back(op); });
  for (par::FailOp op : fails) {
    if (sites.isOurs(op.getSite()))
      continue;
    OpBuilder b(op);
    failAround(b, sites, op, op.getCondition(), sites.text(op.getSite()) + " does not hold",
               op.getIndex());
    op.erase();
  }
}

/// Serial: the order of the source, in one thread.
void makeSerial(ModuleOp module) {
  OpBuilder b(module.getContext());
  module.walk([&](par::ForallOp op) {
    op.setDisjoint(true); // iterations share the clock and the numbers of those before them
    if (op.getFull() || op.getLower().empty()) // lanes go together, whatever the level
      return;
    op.removeLevelAttr();
    SmallVector<StringRef> levels(op.getLower().size(), "step");
    op->setAttr("plan.map", b.getStrArrayAttr(levels));
  });
}

/// Before lower-to-par, which inlines operators.
struct InstrumentLaws : impl::InstrumentLawsBase<InstrumentLaws> {
  void runOnOperation() override {
    Sites sites(getOperation());
    instrumentLaws(getOperation(), sites);
    sites.write();
  }
};

struct InstrumentChecks : impl::InstrumentChecksBase<InstrumentChecks> {
  using InstrumentChecksBase::InstrumentChecksBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    Sites sites(module);
    rewordFailures(module, sites);
    instrumentNumbers(module, sites, nan);
    for (auto func : module.getOps<func::FuncOp>())
      if (!func.isExternal())
        instrumentMemory(func, sites);
    makeSerial(module);
    sites.write();
  }
};
} // namespace
} // namespace texpr
