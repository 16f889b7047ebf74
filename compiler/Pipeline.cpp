// Every pass once, in order; a comment where the order is not free. Nowhere else are passes
// ordered, but for those below `mapped` (target/cpu/Pipeline.cpp).
//
// In: what was asked for (-O, --checked, --stop-after). Out: the three legs of the road as lists of passes: to stage `tx`,
// once for all machines; to `par` and to `mapped`, for one machine each, whose facts stand on the module. `--stop-after=PASS`
// cuts the list behind that pass. A checked build leaves out what would move, merge or drop an access.
#include "compiler/Pipeline.h"
#include "compiler/plan/Passes.h"
#include "compiler/target/cpu/Cpu.h"
#include "compiler/transform/Passes.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace texpr {

void PassList::add(std::unique_ptr<Pass> pass) {
  if (stopped)
    return;
  stopped = !options.stopAfter.empty() && pass->getArgument() == options.stopAfter;
  passes.addPass(std::move(pass));
}

void buildSharedPipeline(PassList &list, const PipelineOptions &options) {
  list.add(createInlineCalls());
  // Before the forms around a test are fused.
  list.add(createPlaceTests());
  if (options.checked == Checked::none) // it drops what facts prove
    list.add(createSimplifyIndices());
  list.add(createCanonicalizerPass());
  list.add(createCSEPass());
}

void buildTxPipeline(PassList &list, const PipelineOptions &options) {
  list.add(plan::createPlanClasses());
  list.add(createSplitClasses());
  list.add(plan::createPlanInline({options.optLevel}));
  list.add(createTxInline());
  if (options.checked == Checked::none)
    list.add(createSimplifyIndices());
  list.add(createCanonicalizerPass());
  list.add(createCSEPass());
  // After tx-inline: it compares the reads that are left.
  list.add(plan::createPlanFusion({options.optLevel}));
  list.add(createTxNest());
  list.add(createCanonicalizerPass());
  list.add(createCSEPass());
  list.add(createHoistChecks());
  list.add(createSinkVerify());
  // Beyond this point no value is recomputed or stored elsewhere.
  list.add(createGroupKernels());
  if (options.checked != Checked::none) // lower-to-par inlines operators
    list.add(createInstrumentLaws());
  list.add(createLowerToPar());
  if (options.checked == Checked::none)
    return;
  // At once, as no access has been moved or merged yet; and here, as entries word the sites of the stage `par`.
  list.add(createInstrumentLanes()); // before the barriers are gone
  list.add(createSplitLanes());
  list.add(createInstrumentChecks({options.checked == Checked::nan}));
}

void buildParPipeline(PassList &list, const PipelineOptions &options) {
  // Before all that looks at loops: a full forall on a machine without lanes is several.
  list.add(createSplitLanes());
  list.add(createCanonicalizerPass());
  list.add(createCSEPass());
  if (options.optLevel > 0) {
    // First of what looks at lengths.
    list.add(createSpecialize());
    list.add(createCanonicalizerPass());
    list.add(createCSEPass());
    list.add(plan::createPlanUnroll());
    list.add(createUnrollReduces());
    list.add(createCanonicalizerPass());
    list.add(createCSEPass());
    // Again, for kernels: what a class changes here is no fusion.
    list.add(plan::createPlanClasses());
    list.add(createSplitClasses());
  }
  if (options.optLevel > 0)
    list.add(plan::createPlanTiling({options.optLevel}));
  list.add(createStagePanels());
  list.add(createTile());
  list.add(createStageBoxes());
  list.add(createDistribute());
  list.add(createStageTiles());
  list.add(plan::createPlanPromotion());
  // Before map: it asks which iterations own which part of a result, while they are still foralls.
  if (options.optLevel > 0)
    list.add(createReuseResults());
  list.add(plan::createPlanMapping());
  if (options.optLevel > 0) // -O0 has no vectors, whoever asks
    list.add(plan::createCheckPins());
  list.add(createMap());
  if (options.optLevel > 0) {
    list.add(createCanonicalizerPass());
    list.add(createCSEPass());
    list.add(createRollWindows());
  }
  list.add(createPromote());
  // Beyond this point nothing adds a buffer.
  list.add(createWorkspace());
  list.add(createCanonicalizerPass());
  list.add(createCSEPass());
  list.add(plan::createCheckPromises());
}

void buildTargetPipeline(PassList &list, OpPassManager &passes, const Target &target) {
  if (!list.isStopped())
    cpu::buildPipeline(passes, target);
}

void setMachine(ModuleOp module, const Target &target, unsigned optLevel) {
  Builder b(module.getContext());
  SmallVector<Attribute> levels;
  for (StringRef level : target.levels)
    levels.push_back(b.getStringAttr(level));
  SmallVector<NamedAttribute> facts;
  auto number = [&](StringRef key, int64_t v) {
    facts.push_back(b.getNamedAttr(key, b.getI64IntegerAttr(v)));
  };
  facts.push_back(b.getNamedAttr("name", b.getStringAttr(target.name)));
  facts.push_back(b.getNamedAttr("levels", b.getArrayAttr(levels)));
  SmallVector<Attribute> instrs;
  for (const InstrRow &row : target.instrs) {
    auto text = [&](StringRef key, StringRef v) { return b.getNamedAttr(key, b.getStringAttr(v)); };
    auto size = [&](StringRef key, int64_t v) {
      return b.getNamedAttr(key, b.getI64IntegerAttr(v));
    };
    SmallVector<NamedAttribute> facts = {text("name", row.name), text("a", row.a), text("b", row.b),
                                         text("c", row.c),       size("m", row.m), size("n", row.n),
                                         size("k", row.k)};
    for (auto [key, layout] :
         {std::pair("layout_a", row.layoutA), std::pair("layout_b", row.layoutB),
          std::pair("layout_c", row.layoutC)})
      if (!layout.empty())
        facts.push_back(b.getNamedAttr(
            key, parseAttribute(("#par.layout<" + layout + ">").str(), module.getContext())));
    instrs.push_back(b.getDictionaryAttr(facts));
  }
  facts.push_back(b.getNamedAttr("instrs", b.getArrayAttr(instrs)));
  number("vector_bytes", optLevel == 0 ? 0 : target.vectorBytes);
  number("vector_registers", target.vectorRegisters);
  number("l1", target.l1);
  number("l2", target.l2);
  number("stack_bytes", target.stackBytes);
  number("max_chunks", target.maxChunks);
  if (target.kind == TargetKind::cuda) {
    number("warp", target.warp);
    number("shared_bytes", target.sharedBytes);
    number("registers", target.registers);
  }
  module->setAttr("par.machine", b.getDictionaryAttr(facts));
}

} // namespace texpr
