// What the checker accepts runs: programs of tests/source are changed at random (numbers, operators, relations, `seq` for
// `par`, names), and each that is still accepted is interpreted on small and extreme inputs. The interpreter tests what
// the checker proved: that accesses are inside, elements are written before they are read, and that a `par` gives
// the same results in any order.
#include "compiler/reference/Interpreter.h"
#include "compiler/source/Check.h"
#include "compiler/source/Parser.h"
#include "tests/unit/check/Programs.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace texpr;
using namespace texpr::reference;

namespace {

using Tokens = std::vector<std::string>;

class Mutator {
public:
  explicit Mutator(unsigned seed) : random(seed) {}

  std::string changed(Tokens tokens) {
    for (unsigned edits = 1 + random() % 2; edits > 0;)
      edits -= change(tokens[random() % tokens.size()], tokens);
    std::string text;
    for (const std::string &t : tokens)
      text += t;
    return text;
  }

  /// Values for every parameter of `fn` under some dims; nothing where these break the contract or are large.
  std::optional<Inputs> inputs(const Program &program, const FnDecl &fn) {
    std::map<std::string, int64_t> dims;
    unsigned large = 0;
    for (const DimBinding &d : fn.dims)
      if (d.how != DimBinding::How::Defined) {
        int64_t &v = dims[d.decl->name.text] =
            oneOf<int64_t>({0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 32, 33, 64});
        if (v > 8 && ++large > 1)
          v = random() % 6;
      }
    ends.clear();
    for (const auto &dim : dims)
      ends.push_back(std::max<int64_t>(dim.second, 0));
    auto needs = parameterNeeds(program, fn, dims);
    if (!needs)
      return std::nullopt;
    Inputs in;
    for (size_t i = 0; i < fn.params.size(); ++i) {
      const ParamNeed &need = (*needs)[i];
      if (need.isDim) {
        in.params.push_back(
            integer(need.leaves[0].kind, uint64_t(dims[fn.params[i].decl->name.text])));
        continue;
      }
      std::vector<Value> leaves;
      for (const LeafShape &leaf : need.leaves) {
        auto count = elementCount(leaf.shape);
        if (!count || *count > 5000)
          return std::nullopt;
        leaves.push_back(value(leaf, *count, need));
      }
      if (fn.params[i].decl->type.isTuple())
        return std::nullopt;
      in.params.push_back(leaves[0]);
    }
    return in;
  }

  uint64_t seed() { return random(); }

private:
  template <typename T> T oneOf(std::vector<T> all) { return all[random() % all.size()]; }

  Scalar scalar(ScalarKind k, const ParamNeed &need) {
    if (isFloat(k))
      return rounded(k, (int(random() % 17) - 8) / 4.0L);
    if (k == ScalarKind::Bool)
      return boolean(random() % 2);
    if (need.range && need.range->first <= need.range->second)
      return integer(k, uint64_t(need.range->first) +
                            random() % uint64_t(need.range->second - need.range->first + 1));
    if (random() % 2)
      return integer(k, uint64_t(int64_t(random() % 10) - 3));
    return integer(k, uint64_t(oneOf<int64_t>({INT64_MAX, INT64_MIN, INT64_MAX - 1, INT32_MAX,
                                               INT32_MIN, -1, 255, 65535, int64_t(1) << 62,
                                               int64_t(1) << 32, -(int64_t(1) << 62)})));
  }

  Value value(const LeafShape &leaf, int64_t count, const ParamNeed &need) {
    if (leaf.shape.empty())
      return scalar(leaf.kind, need);
    Array a(leaf.kind, leaf.shape);
    for (int64_t i = 0; i < count; ++i)
      a.set(i, scalar(leaf.kind, need));
    if (leaf.shape.size() == 1 && isInt(leaf.kind) && !need.range)
      makeOrdered(a);
    return a;
  }

  /// Often what facts on data ask for: a vector that never falls from 0 to some dim, or a permutation.
  void makeOrdered(Array &a) {
    const int64_t count = a.count();
    const unsigned how = random() % 3;
    std::vector<int64_t> all(count);
    const int64_t end = ends.empty() ? 0 : oneOf(ends);
    for (int64_t i = 0; i < count; ++i)
      all[i] = how == 0 ? i : i == 0 ? 0 : i == count - 1 ? end : int64_t(random() % (end + 1));
    if (how == 0)
      std::shuffle(all.begin(), all.end(), random);
    else
      std::sort(all.begin(), all.end());
    for (int64_t i = 0; how != 2 && i < count; ++i)
      a.set(i, integer(a.kind, uint64_t(all[i])));
  }

  bool change(std::string &t, const Tokens &all) {
    for (const Tokens &group :
         {Tokens{"+", "-", "*", "/", "%"}, Tokens{"<", "<=", ">", ">=", "==", "!="},
          Tokens{"&&", "||"}, Tokens{"min", "max"}, Tokens{"seq", "par"}})
      if (std::find(group.begin(), group.end(), t) != group.end()) {
        t = oneOf(group);
        return true;
      }
    if (isdigit(t[0])) {
      t = oneOf<std::string>({"0", "1", "2", "3", "4", "7", "8", "31", "32", "33", "64"});
      return true;
    }
    if (isalpha(t[0]) && t.size() == 1) {
      const std::string &other = all[random() % all.size()];
      bool isName = isalpha(other[0]) && other.size() == 1;
      t = isName ? other : t;
      return isName;
    }
    if ((t == "," || t == "]" || t == "..") && random() % 2) {
      t = oneOf<std::string>({" + ", " - "}) + oneOf<std::string>({"0", "1", "2"}) + t;
      return true;
    }
    return false;
  }

  std::mt19937 random;
  std::vector<int64_t> ends; // dims of the call at hand
};

Tokens tokensOf(const std::string &text) {
  static const std::regex form(
      R"(//[^\n]*|[A-Za-z0-9_]+|\s+|==|<=|>=|!=|->|\.\.|&&|\|\||<<|>>|\+=|-=|.)");
  Tokens tokens;
  for (std::sregex_iterator m(text.begin(), text.end(), form), none; m != none; ++m)
    if (m->str().compare(0, 2, "//") != 0)
      tokens.push_back(m->str());
  return tokens;
}

} // namespace

TEST(Soundness, whatIsAcceptedRuns) {
  std::vector<std::string> sources;
  for (const char *folder : {"accept", "check"})
    for (const auto &path : programs(folder))
      for (std::string &fn : functionsOf(path))
        if (fn.find("@disjoint") == std::string::npos)
          sources.push_back(std::move(fn));
  ASSERT_GT(sources.size(), 150u);
  Mutator mutator(20);
  std::mt19937 random(20);
  unsigned accepted = 0, ran = 0;
  for (unsigned round = 0; round < 2500; ++round) {
    SourceFiles files;
    Diagnostics diags;
    CheckedProgram checked;
    std::string text = mutator.changed(tokensOf(sources[random() % sources.size()]));
    unsigned file = files.add("changed.tx", text);
    if (!check(parse(files, file, diags), files, diags, checked))
      continue;
    ++accepted;
    for (const auto &fn : checked.program->fns)
      for (unsigned run = 0; run < 3; ++run) {
        auto in = mutator.inputs(*checked.program, *fn);
        if (!in)
          continue;
        Options options;
        options.fuel = 20000;
        options.shuffleParallel = mutator.seed();
        auto first = interpret(*checked.program, *fn, *in, options);
        ASSERT_TRUE(first || first.failure.kind != Failure::Kind::Internal)
            << first.failure.message << "\n"
            << text;
        options.shuffleParallel = mutator.seed();
        auto second = interpret(*checked.program, *fn, *in, options);
        ran += bool(first);
        if (std::ranges::any_of(fn->attrs,
                                [](const Attr &a) { return a.name.text == "nondeterministic"; }))
          continue;
        for (size_t i = 0; first && second && i < first->size(); ++i)
          ASSERT_TRUE((*first)[i].sameAs((*second)[i])) << "the order of a par shows in\n" << text;
      }
  }
  EXPECT_GT(accepted, 400u);
  EXPECT_GT(ran, 600u);
}
