// Reads the decisions of fusion off the forms, and finds the names that the source gave them.
//
// In: the tree, and modules after plan-inline and plan-fusion. Out: names and decisions by place. An inlined form is gone
// after tx-inline, so it is looked for before. A form is found again by its place in the source; copies of it, made by
// inlining of calls, share one line where they share the decision.
#include "compiler/report/Values.h"
#include "compiler/source/Walk.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/TxOps.h"

using namespace mlir;

namespace texpr::report {

namespace {

class Names {
public:
  Names(const SourceFiles &files, std::map<Place, std::string> &out) : files(files), out(out) {
    walker.onExpr = [this](texpr::Expr &e) {
      if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e))
        block(*compute->body);
      else if (auto *reduce = llvm::dyn_cast<ReduceExpr>(&e))
        block(*reduce->body);
      else if (auto *inner = llvm::dyn_cast<BlockExpr>(&e))
        block(*inner->block);
      else if (auto *choice = llvm::dyn_cast<IfExpr>(&e))
        block(*choice->thenBlock);
      else if (auto *loop = llvm::dyn_cast<ForExpr>(&e))
        for (StmtPtr &s : loop->step.stmts)
          stmt(*s);
    };
  }

  void function(FnDecl &fn) {
    block(*fn.body);
    walker.block(fn.body.get());
    std::string results;
    for (const ResultDecl &result : fn.results)
      results += (results.empty() ? "" : ", ") + (result.name ? result.name->text : "result");
    if (fn.body->value)
      set(*fn.body->value, fn.results.size() == 1 ? results : "(" + results + ")");
  }

private:
  void block(texpr::Block &b) {
    for (StmtPtr &s : b.stmts)
      stmt(*s);
  }
  void stmt(Stmt &s) {
    if (auto *let = llvm::dyn_cast<LetStmt>(&s))
      set(*let->init, files.text(let->pattern.range).str());
    else if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s))
      places(buffer->range, buffer->decl->name.text);
    else if (auto *par = llvm::dyn_cast<ParStmt>(&s))
      block(*par->body);
    else if (auto *seq = llvm::dyn_cast<SeqStmt>(&s))
      block(*seq->body);
  }
  void set(const texpr::Expr &e, const std::string &name) { places(e.range, name); }
  void places(SourceRange range, const std::string &name) {
    auto at = files.place(range.file, range.begin);
    out.emplace(Place{at.line, at.column, files.name(range.file)}, name);
  }

  const SourceFiles &files;
  std::map<Place, std::string> &out;
  Walker walker;
};

std::string words(plan::Store store) {
  switch (store) {
  case plan::Store::inlined:
    return "inlined";
  case plan::Store::tile:
    return "fused";
  case plan::Store::memory:
    return "in memory";
  }
  llvm_unreachable("no such store");
}

void collect(ModuleOp module, StringRef function, bool wantsInlined, std::set<Decision> &out) {
  auto func = module ? module.lookupSymbol<func::FuncOp>(function) : func::FuncOp();
  if (!func)
    return;
  func.walk([&](tx::ComputeOp op) {
    auto store = plan::getStore(op);
    if (store && (*store == plan::Store::inlined) == wantsInlined && !plan::getWhy(op).empty())
      out.insert({placeOf(op), words(*store), plan::getWhy(op).str()});
  });
}

} // namespace

std::map<Place, std::string> namesOf(const CheckedProgram &checked, const SourceFiles &files) {
  std::map<Place, std::string> out;
  Names names(files, out);
  for (auto &fn : checked.program->fns)
    names.function(*fn);
  return out;
}

std::set<Decision> decisionsOf(ModuleOp inlined, ModuleOp fused, StringRef function) {
  std::set<Decision> out;
  collect(inlined, function, true, out);
  collect(fused, function, false, out);
  return out;
}

} // namespace texpr::report
