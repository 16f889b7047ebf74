// From a text to a checked program, inputs, and expected results.
//
// Inputs are small dyadic numbers, so that sums are exact in any order; the interpreter says where
// they are not after all, and others are drawn. Dims are small and often 0, 1 or odd, and now and
// then beyond a vector's width.
#include "tests/random/Case.h"
#include "compiler/source/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>

namespace texpr::random {

using reference::Failure;
using reference::Value;

std::unique_ptr<Checked> checkText(const std::string &text, std::string &why) {
  auto c = std::make_unique<Checked>();
  const unsigned file = c->files.add("random.tx", text);
  const bool ok = check(parse(c->files, file, c->diags), c->files, c->diags, c->program);
  if (!ok || c->diags.hasErrors()) {
    llvm::raw_string_ostream os(why);
    c->diags.print(os, c->files);
    return nullptr;
  }
  for (const auto &fn : c->program.program->fns)
    if (!fn->isLocal)
      c->fn = fn.get();
  if (!c->fn) {
    why = "no exported function";
    return nullptr;
  }
  return c;
}

static reference::Scalar drawScalar(Dice &dice, ScalarKind k, bool hasSpecials) {
  if (k == ScalarKind::Bool)
    return reference::boolean(dice.percent(50));
  if (isFloat(k)) {
    static const std::vector<const char *> specials = {"inf", "nan", "max", "min", "eps"};
    if (hasSpecials && dice.percent(15))
      return reference::constant(k, dice.pick(specials));
    if (dice.percent(3))
      return reference::rounded(k, -0.0L);
    // As many bits as Writer's inputBits: quarters for the wide kinds, halves, then whole numbers.
    const bool isWide = k == ScalarKind::F32 || k == ScalarKind::F64;
    const long double unit = isWide ? 0.25L : k == ScalarKind::F16 ? 0.5L : 1;
    const int64_t most = isWide ? 15 : k == ScalarKind::F16 ? 6 : 3;
    return reference::rounded(k, static_cast<long double>(dice.between(-most, most)) * unit);
  }
  if (dice.percent(5))
    return reference::constant(k, dice.percent(50) ? "max" : "min");
  return reference::integer(k, static_cast<uint64_t>(dice.between(isSigned(k) ? -8 : 0, 9)));
}

/// A float of any magnitude near 1, with all its bits.
static reference::Scalar drawWide(Dice &dice, ScalarKind k) {
  const int span = k == ScalarKind::F32 || k == ScalarKind::F64 ? 8 : 3;
  const long double x = std::ldexp(1 + static_cast<long double>(dice.next() >> 4) * 0x1p-60L,
                                   static_cast<int>(dice.between(-span, span)));
  return reference::rounded(k, dice.percent(50) ? -x : x);
}

static int64_t drawDim(Dice &dice, unsigned round) {
  static const std::vector<int64_t> usual = {0, 1, 2, 3, 3, 4, 5, 5, 7, 8, 9};
  static const std::vector<int64_t> wide = {1, 2, 7, 13, 16, 17, 31, 33, 65};
  static const std::vector<int64_t> tiny = {0, 1, 2, 3};
  if (round > 6)
    return dice.pick(tiny);
  return round % 3 == 2 ? dice.pick(wide) : dice.pick(usual);
}

/// An integer of a fact: a literal or a dim.
static std::optional<int64_t> integerOf(const Expr &e, const std::map<std::string, int64_t> &dims) {
  if (auto *literal = llvm::dyn_cast<IntLitExpr>(&e))
    return static_cast<int64_t>(literal->magnitude);
  auto *name = llvm::dyn_cast<NameExpr>(&e);
  const auto at = name ? dims.find(name->text) : dims.end();
  return at == dims.end() ? std::nullopt : std::optional(at->second);
}

/// The parameter that a name stands for, where it is a tensor.
static reference::Array *arrayOf(const Checked &c, const Expr &e, reference::Inputs &inputs) {
  auto *name = llvm::dyn_cast<NameExpr>(&e);
  for (size_t p = 0; name && p < inputs.params.size(); ++p)
    if (c.fn->params[p].decl->name.text == name->text && inputs.params[p].isTensor())
      return &inputs.params[p].own();
  return nullptr;
}

static void sortArray(reference::Array &a) {
  std::vector<reference::Scalar> values;
  for (int64_t i = 0; i < a.count(); ++i)
    values.push_back(a.get(i));
  std::sort(values.begin(), values.end(), [](reference::Scalar x, reference::Scalar y) {
    return static_cast<int64_t>(x.bits) < static_cast<int64_t>(y.bits);
  });
  for (int64_t i = 0; i < a.count(); ++i)
    a.set(i, values[i]);
}

/// Makes the drawn data keep the facts of `where` that random data would break: `sorted(row)`, and `row[0] == 0` after it.
static void keepFacts(const Checked &c, reference::Inputs &inputs) {
  for (const Fact &fact : c.fn->where)
    if (auto *call =
            fact.chain.size() == 1 ? llvm::dyn_cast<CallExpr>(fact.chain[0].get()) : nullptr)
      if (call->callee.text == "sorted")
        if (auto *array = arrayOf(c, *call->args[0], inputs))
          sortArray(*array);
  for (const Fact &fact : c.fn->where) {
    auto *at = fact.chain.size() == 2 ? llvm::dyn_cast<IndexExpr>(fact.chain[0].get()) : nullptr;
    auto *array = at ? arrayOf(c, *at->base, inputs) : nullptr;
    if (!array || at->indices.size() != 1 || !at->indices[0].index)
      continue;
    const auto index = integerOf(*at->indices[0].index, inputs.dims);
    const auto value = integerOf(*fact.chain[1], inputs.dims);
    if (index && value && *index < array->count())
      array->set(*index, reference::integer(array->kind, static_cast<uint64_t>(*value)));
  }
}

/// Values for all parameters; nothing where no value fits (an index into nothing).
static std::optional<reference::Inputs> drawInputs(const Checked &c, Dice &dice, unsigned round,
                                                   bool hasSpecials, bool isWide) {
  std::map<std::string, int64_t> dims;
  for (const DimBinding &dim : c.fn->dims)
    if (dim.how != DimBinding::How::Defined)
      dims[dim.decl->name.text] = drawDim(dice, round);
  const auto needs = reference::parameterNeeds(*c.program.program, *c.fn, dims);
  if (!needs)
    return std::nullopt;
  reference::Inputs inputs;
  for (size_t p = 0; p < needs.value->size(); ++p) {
    const reference::ParamNeed &need = (*needs.value)[p];
    std::vector<Value> leaves;
    for (const reference::LeafShape &leaf : need.leaves) {
      auto draw = [&] {
        if (isWide)
          return drawWide(dice, leaf.kind);
        if (!need.range)
          return drawScalar(dice, leaf.kind, hasSpecials);
        return reference::integer(
            leaf.kind, static_cast<uint64_t>(dice.between(need.range->first, need.range->second)));
      };
      if (need.isDim) {
        const int64_t value = dims.at(c.fn->params[p].decl->name.text);
        leaves.push_back(reference::integer(leaf.kind, static_cast<uint64_t>(value)));
        continue;
      }
      if (leaf.shape.empty()) {
        leaves.push_back(draw());
        continue;
      }
      reference::Array a(leaf.kind, leaf.shape);
      if (a.count() && need.range && need.range->first > need.range->second)
        return std::nullopt;
      for (int64_t i = 0; i < a.count(); ++i)
        a.set(i, draw());
      leaves.push_back(std::move(a));
    }
    // Tuples in parameters are flat: one level of leaves.
    inputs.params.push_back(leaves.size() == 1 ? leaves[0] : Value::tuple(std::move(leaves)));
  }
  inputs.dims = dims;
  keepFacts(c, inputs);
  return inputs;
}

/// (n + 2) · eps · Σ|terms| for each element, for both sides together; infinity where a partial sum may overflow.
static std::optional<std::vector<double>> allowedErrors(const Case &c, const Run &run) {
  std::string why;
  const auto companion = checkText(c.function.companion, why);
  if (!companion)
    return std::nullopt;
  auto sums = reference::interpret(*companion->program.program, *companion->fn, run.inputs);
  if (!sums)
    return std::nullopt;
  const reference::Array &counts = (*sums)[0].tensor(), &magnitudes = (*sums)[1].tensor();
  const ScalarKind k = run.expected[0].scalarKind();
  const long double eps = real(reference::constant(k, "eps"));
  const long double largest = real(reference::constant(k, "max"));
  std::vector<double> allowed;
  for (int64_t i = 0; i < counts.count(); ++i) {
    const long double sum = real(magnitudes.get(i));
    const bool isSafe = sum < largest / 2;
    allowed.push_back(isSafe ? static_cast<double>((real(counts.get(i)) + 2) * eps * sum)
                             : std::numeric_limits<double>::infinity());
  }
  return allowed;
}

static std::vector<int64_t> mostElements(const Checked &c, const reference::Inputs &inputs) {
  std::vector<int64_t> most;
  if (auto shapes = reference::resultShapes(*c.program.program, *c.fn, inputs))
    for (const auto &result : *shapes)
      for (const reference::LeafShape &leaf : result)
        most.push_back(reference::elementCount(leaf.shape).value_or(0));
  return most;
}

/// A call whose dims break a relation: no shape of a result is known, none may be written.
static Run refusedRun(const Checked &c, reference::Inputs inputs) {
  Run run;
  run.kind = Run::Kind::Refused;
  for (const DimBinding &dim : c.fn->dims) {
    const auto at = inputs.dims.find(dim.decl->name.text);
    run.dims.emplace_back(dim.decl->name.text, at == inputs.dims.end() ? 0 : at->second);
  }
  run.inputs = std::move(inputs);
  return run;
}

/// The last run with one element outside of its range.
static std::optional<Run> spoiledRun(const Case &c, Dice &dice) {
  for (size_t p = 0; p < c.checked->fn->params.size(); ++p) {
    const Run &last = c.runs.back();
    if (c.checked->fn->params[p].declared.set.empty() || last.kind != Run::Kind::Agree ||
        !last.inputs.params[p].isTensor() || last.inputs.params[p].tensor().count() == 0)
      continue;
    Run run = last;
    run.kind = Run::Kind::Spoiled;
    reference::Array &a = run.inputs.params[p].own();
    const int64_t at = dice.between(0, a.count() - 1);
    a.set(at, reference::constant(a.kind, dice.percent(50) ? "max" : "min"));
    return run;
  }
  return std::nullopt;
}

std::optional<std::string> interpretCase(Case &c, uint64_t seed, unsigned runs, Tally &tally) {
  Dice dice(seed);
  const bool isWide = !c.function.companion.empty();
  const Program &program = *c.checked->program.program;
  const FnDecl &fn = *c.checked->fn;
  unsigned refused = 0;
  const bool mayFail = c.function.text.find("else fail") != std::string::npos ||
                       c.function.text.find("sorted(") != std::string::npos;
  for (unsigned round = 0; c.runs.size() < runs + refused && round < 12; ++round) {
    auto inputs = drawInputs(*c.checked, dice, round, c.function.hasSpecials && round % 2, isWide);
    if (!inputs)
      continue;
    reference::Exactness exactness;
    reference::Options options;
    options.fuel = 400000;
    options.exactness = &exactness;
    auto first = reference::interpret(program, fn, *inputs, options);
    if (!first) {
      if (first.failure.kind == Failure::Kind::Fuel)
        ++tally.fuel;
      else if (first.failure.kind == Failure::Kind::Contract) {
        ++tally.contract;
        if (refused++ == 0)
          c.runs.push_back(refusedRun(*c.checked, std::move(*inputs)));
      } else if (first.failure.kind == Failure::Kind::Data && mayFail) {
        ++tally.data;
      } else {
        const auto place = c.checked->files.place(0, first.failure.site.begin);
        return std::string(spelling(first.failure.kind)) + " error at " +
               std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
               first.failure.message;
      }
      continue;
    }
    if (!exactness.isExact && !isWide) {
      ++tally.inexact;
      continue;
    }
    options.shuffleParallel = seed;
    auto second = reference::interpret(program, fn, *inputs, options);
    for (size_t r = 0; second && r < first->size(); ++r)
      if (!(*first)[r].sameAs((*second)[r]))
        return "result " + std::to_string(r) + " depends on the order of a par";
    auto dims = reference::dimsOf(program, fn, *inputs);
    if (!second || !dims)
      return "interpreted once, but not twice: " + second.failure.message + dims.failure.message;
    std::vector<int64_t> most = mostElements(*c.checked, *inputs);
    c.runs.push_back({Run::Kind::Agree,
                      std::move(*inputs),
                      std::move(*dims),
                      std::move(*first),
                      std::move(most),
                      {}});
    if (!isWide)
      continue;
    auto allowed = allowedErrors(c, c.runs.back());
    if (!allowed)
      return "the companion that gives the error bound fails";
    c.runs.back().allowed = std::move(*allowed);
  }
  const bool hasAgreed =
      llvm::any_of(c.runs, [](const Run &r) { return r.kind == Run::Kind::Agree; });
  if (!hasAgreed)
    c.runs.clear();
  else if (auto spoiled = spoiledRun(c, dice))
    c.runs.push_back(std::move(*spoiled));
  return std::nullopt;
}

std::string describeInputs(const Checked &checked, const Run &run) {
  std::string text;
  for (const auto &[name, value] : run.dims)
    text += name + " = " + std::to_string(value) + "\n";
  for (size_t p = 0; p < run.inputs.params.size(); ++p)
    text +=
        checked.fn->params[p].decl->name.text + " = " + describe(run.inputs.params[p], 4096) + "\n";
  for (size_t r = 0; r < run.expected.size(); ++r)
    text += "expected r" + std::to_string(r) + " = " + describe(run.expected[r], 4096) + "\n";
  return text;
}

} // namespace texpr::random
