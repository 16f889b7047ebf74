// Every program that the checker accepts is imported, and the module is well formed: the examples and tests/source/accept.
//
// What the ops are is looked at in tests/source/import; that they mean what the program says is held by the random programs.
#include "compiler/import/Import.h"
#include "compiler/source/Modules.h"
#include "dialects/par/ParDialect.h"
#include "dialects/tx/TxDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>

using namespace texpr;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> programs() {
  std::vector<fs::path> all;
  for (const char *folder :
       {"examples", "tests/source/accept", "tests/source/import", "tests/plan"})
    for (const auto &entry : fs::recursive_directory_iterator(fs::path(TEXPR_ROOT) / folder))
      if (entry.path().extension() == ".tx")
        all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

std::string nameOf(const testing::TestParamInfo<fs::path> &info) {
  std::string s = info.param.parent_path().stem().string() + "_" + info.param.stem().string();
  std::replace_if(s.begin(), s.end(), [](char c) { return !isalnum(c); }, '_');
  return s;
}

class Imports : public testing::TestWithParam<fs::path> {};

TEST_P(Imports, WellFormed) {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram checked;
  auto file = files.open(GetParam().string(), diags);
  ASSERT_TRUE(file);
  std::string errors;
  llvm::raw_string_ostream os(errors);
  bool isRight = check(parseProgram(files, {*file}, diags), files, diags, checked);
  diags.print(os, files);
  ASSERT_TRUE(isRight) << errors;

  mlir::MLIRContext context;
  loadImportDialects(context);
  auto module = importProgram(checked, files, context);
  ASSERT_TRUE(module);
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
  size_t exported = 0, funcs = 0;
  for (auto func : module->getOps<mlir::func::FuncOp>()) {
    funcs += !func.getName().ends_with(".trusted") &&
             !func.getName().contains(".inside"); // the copies for calls
    exported += func->hasAttr("tx.export");
    EXPECT_EQ(func.isPrivate(), !func->hasAttr("tx.export"));
  }
  // A local function that changes what it is lent stands where it is called.
  size_t inPlace = std::ranges::count_if(checked.program->fns, [](const auto &fn) {
    return fn->isLocal && std::ranges::any_of(fn->params, [](const Param &p) { return p.isInout; });
  });
  EXPECT_EQ(funcs + inPlace, checked.program->fns.size());
  EXPECT_GT(exported, 0u);
}

INSTANTIATE_TEST_SUITE_P(Programs, Imports, testing::ValuesIn(programs()), nameOf);

} // namespace
