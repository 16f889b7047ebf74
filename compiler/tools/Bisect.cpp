// Runs a pipeline pass by pass and interprets the module after each one, on the same arguments.
//
// Arguments are drawn at random: dims so that the facts of the function hold, floats dyadic (sums of few are exact),
// integers small. The results of the module as it came are the expected ones; after each pass it runs in index order
// and with the iterations of every forall shuffled. The first pass after which a result differs is named. A module that
// a later pass has left as it was is not run again.
#include "compiler/tools/Bisect.h"
#include "dialects/par/Interpreter.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <map>
#include <random>

using namespace mlir;

namespace texpr {
using par::Datum;

namespace {
constexpr uint64_t kMaxSteps = 200'000'000; // after a pass
constexpr unsigned kTries = 500;

/// One call: its arguments, and what it must give.
struct Call {
  std::string function;
  std::vector<Datum> scalars;
  std::map<unsigned, Datum> arrays;
  par::InterpreterResult expected;
  bool findsDims = false; // a buffer of a result may have room for more than is found
};

class Bisection {
public:
  Bisection(ModuleOp module, const BisectOptions &options)
      : module(module), options(options), random(options.seed) {}
  BisectOutcome run();

private:
  ModuleOp module;
  const BisectOptions &options;
  std::mt19937_64 random;
  std::vector<Call> calls;
  int64_t highest = 0;

  int64_t draw(int64_t lo, int64_t hi) { return lo + int64_t(random() % uint64_t(hi - lo + 1)); }
  Datum drawDim(unsigned attempt, unsigned dims, int64_t largest);
  Datum drawElement(Type type);
  Datum drawArray(Type element, ArrayRef<int64_t> extents);
  bool makeCalls(func::FuncOp f);
  bool makeCall(func::FuncOp f, unsigned largest, Call &call);
  par::InterpreterResult interpret(func::FuncOp f, Call &call, bool shuffle,
                                   uint64_t steps = kMaxSteps);
  std::optional<std::string> difference(const Call &call, const par::InterpreterResult &got);
  std::optional<std::string> firstDifference();
  void saveModule(StringRef suffix, StringRef text);
};

Datum Bisection::drawElement(Type type) {
  if (isa<FloatType>(type))
    return Datum::ofReal(double(draw(-16, 16)) / 8);
  if (type.isInteger(1))
    return Datum::ofInteger(draw(0, 1));
  return Datum::ofInteger(draw(options.lowest, highest));
}

Datum Bisection::drawArray(Type element, ArrayRef<int64_t> extents) {
  Datum array = Datum::ofArray(element, extents);
  for (int64_t i = 0; i < array.count(); ++i)
    array.set(i, drawElement(element));
  return array;
}

Datum copyOf(const Datum &array) {
  Datum copy = array;
  copy.storage = std::make_shared<par::Storage>(*array.storage);
  return copy;
}

par::InterpreterResult Bisection::interpret(func::FuncOp f, Call &call, bool shuffle,
                                            uint64_t steps) {
  par::InterpreterOptions run;
  run.shuffle = shuffle;
  run.maxSteps = steps;
  run.input = [&](unsigned argument, Type element, ArrayRef<int64_t> extents) {
    auto known = call.arrays.find(argument);
    if (known == call.arrays.end())
      known = call.arrays.emplace(argument, drawArray(element, extents)).first;
    return copyOf(known->second);
  };
  return par::interpret(f, call.scalars, run);
}

/// Small; in some attempts empty ones too, in some multiples of what tiles are made of. Of many dims the half stays small.
Datum Bisection::drawDim(unsigned attempt, unsigned dims, int64_t largest) {
  static constexpr int64_t units[] = {1, 1, 1, 4, 8, 16, 32, 64};
  int64_t unit = units[attempt % std::size(units)];
  if (dims > 3)
    unit = draw(0, 1) ? std::min<int64_t>(unit, 16) : 1;
  if (attempt >= 64 && dims <= 2) // a fact may ask for much
    unit *= dims == 1 ? 16 : 4;
  if (unit > 1)
    return Datum::ofInteger(unit * draw(1, 2));
  return Datum::ofInteger(draw(attempt % 3 ? 1 : 0, largest));
}

/// Arguments under which every fact holds; false where none was found.
bool Bisection::makeCall(func::FuncOp f, unsigned largest, Call &call) {
  unsigned dims = 0;
  for (unsigned i = 0; i < f.getNumArguments(); ++i)
    dims += f.getArgAttr(i, "tx.dim") != nullptr;
  for (unsigned attempt = 0; attempt < kTries; ++attempt) {
    call = {f.getName().str(), {}, {}, {}};
    for (unsigned i = 0; i < f.getNumResults(); ++i)
      call.findsDims |= f.getResultAttr(i, "tx.found") != nullptr;
    for (auto [i, type] : llvm::enumerate(f.getArgumentTypes())) {
      if (isa<RankedTensorType, par::BufType>(type))
        continue;
      bool isDim = f.getArgAttr(i, "tx.dim") != nullptr;
      call.scalars.push_back(isDim ? drawDim(attempt, dims, largest) : drawElement(type));
    }
    // Data that breaks its promise fails the whole call, which says little: later draws are the lowest integer alone.
    highest = attempt < 8 ? options.highest : options.lowest;
    call.expected = interpret(f, call, /*shuffle=*/false, options.steps << (attempt / 64));
    if (!call.expected.error && (call.expected.failures.empty() || attempt > 40))
      return true;
    if (call.expected.error && call.expected.failures.empty() &&
        call.expected.error->find("does not hold") == std::string::npos &&
        call.expected.error->find("too many steps") == std::string::npos)
      return false;
  }
  return false;
}

bool Bisection::makeCalls(func::FuncOp f) {
  for (unsigned i = 0; i < options.runs; ++i) {
    Call call;
    if (!makeCall(f, 4 + 6 * (i % 3), call)) {
      llvm::outs() << "cannot run @" << f.getName() << ": " << *call.expected.error << "\n";
      return false;
    }
    calls.push_back(std::move(call));
  }
  return true;
}

std::string str(const std::optional<Datum> &v, Type element) {
  if (!v)
    return "nothing";
  return isa<FloatType>(element) ? llvm::formatv("{0:e9}", v->real).str()
                                 : std::to_string(v->integer);
}

/// Room behind what is found: the first axis is longer, so the elements lie where they did.
bool hasRoom(const Datum &want, const Datum &got) {
  return !want.extents.empty() && want.extents.size() == got.extents.size() &&
         want.extents[0] <= got.extents[0] &&
         ArrayRef<int64_t>(want.extents).drop_front() ==
             ArrayRef<int64_t>(got.extents).drop_front();
}

std::optional<std::string> compareArrays(Datum want, Datum got, double tolerance, bool findsDims) {
  if (!want.isArray() && got.isArray()) { // a scalar result became a buffer of rank 0
    Datum box = Datum::ofArray(got.element, {});
    box.set(0, want);
    want = box;
  }
  if (!want.isArray())
    return want.integer == got.integer && (want.real == got.real || std::isnan(want.real))
               ? std::nullopt
               : std::optional<std::string>("a scalar");
  if (want.extents != got.extents && !(findsDims && hasRoom(want, got)))
    return "its extents";
  bool isFloat = isa<FloatType>(want.element);
  double largest = 0;
  for (int64_t i = 0; isFloat && i < want.count(); ++i)
    if (auto v = want.get(i); v && std::isfinite(v->real))
      largest = std::max(largest, std::fabs(v->real));
  for (int64_t i = 0; i < want.count(); ++i) {
    auto a = want.get(i), b = got.get(i);
    bool equal = a.has_value() == b.has_value();
    if (equal && a && isFloat)
      equal = a->real == b->real || (std::isnan(a->real) && std::isnan(b->real)) ||
              std::fabs(a->real - b->real) <= tolerance * largest;
    else if (equal && a)
      equal = a->integer == b->integer;
    if (!equal)
      return "element " + std::to_string(i) + ": " + str(b, want.element) + ", expected " +
             str(a, want.element);
  }
  return std::nullopt;
}

std::optional<std::string> Bisection::difference(const Call &call,
                                                 const par::InterpreterResult &got) {
  if (got.error && call.expected.failures.empty())
    return *got.error;
  // A promise that no access needs is not tested any more: a failure may go, none may come.
  if (!call.expected.failures.empty())
    return std::nullopt;
  if (!got.failures.empty())
    return "a failure is new: site " + std::to_string(got.failures.front());
  if (call.expected.results.size() != got.results.size())
    return std::string("the number of results");
  for (size_t i = 0; i < got.results.size(); ++i)
    if (auto d = compareArrays(call.expected.results[i], got.results[i], options.tolerance,
                               call.findsDims))
      return "result " + std::to_string(i) + ", " + *d;
  return std::nullopt;
}

std::optional<std::string> Bisection::firstDifference() {
  for (Call &call : calls) {
    auto f = module.lookupSymbol<func::FuncOp>(call.function);
    if (!f)
      return "@" + call.function + " is gone";
    for (bool shuffle : {false, true})
      if (auto d = difference(call, interpret(f, call, shuffle))) {
        std::string text = "@" + call.function + "(";
        for (const Datum &s : call.scalars)
          text += std::to_string(s.integer) + (&s == &call.scalars.back() ? "" : ", ");
        return text + (shuffle ? "), shuffled: " : "): ") + *d;
      }
  }
  return std::nullopt;
}

void Bisection::saveModule(StringRef suffix, StringRef text) {
  if (options.save.empty())
    return;
  std::error_code error;
  llvm::raw_fd_ostream(options.save + suffix.str(), error) << text;
}

BisectOutcome Bisection::run() {
  for (auto f : module.getOps<func::FuncOp>()) {
    bool wanted =
        options.function.empty() ? f->hasAttr("tx.export") : f.getName() == options.function;
    if (wanted && !f.isExternal() && !makeCalls(f))
      return BisectOutcome::cannotRun;
  }
  llvm::outs() << calls.size() << " calls\n";
  auto textOf = [&] {
    std::string text;
    llvm::raw_string_ostream(text) << module;
    return text;
  };
  std::string before = textOf();
  for (auto [i, pass] : llvm::enumerate(options.passes)) {
    PassManager manager(module.getContext(), "builtin.module");
    std::string where = "after " + pass + " (" + std::to_string(i + 1) + " of " +
                        std::to_string(options.passes.size()) + "): ";
    std::optional<std::string> fault;
    if (failed(parsePassPipeline(pass, manager)))
      fault = "no such pass";
    else if (failed(manager.run(module)))
      fault = "the pass failed";
    std::string after = textOf();
    if (!fault && (i == 0 || after != before)) // what comes may depend on an order already
      fault = firstDifference();
    if (!fault) {
      before = std::move(after);
      continue;
    }
    saveModule(".before.mlir", before);
    saveModule(".after.mlir", after);
    llvm::outs() << where << *fault << "\n";
    return BisectOutcome::differs;
  }
  llvm::outs() << "equal after each of " << options.passes.size() << " passes\n";
  return BisectOutcome::equal;
}
} // namespace

BisectOutcome bisect(ModuleOp module, const BisectOptions &options) {
  return Bisection(module, options).run();
}

} // namespace texpr
