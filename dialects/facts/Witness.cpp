// Counter-examples: values that satisfy an open case, small ones first.
//
// Free symbols are tried in an order in which facts become checkable early; each takes values from
// its proved lower bound (or from 0) upwards, a few at first and then more, plus the value of the
// integer point of the linear view. A fact is evaluated exactly as soon as its last symbol has a
// value, so opaque columns cannot mislead. Replaced symbols follow from the free ones. The number
// of evaluations is bounded.
#include "dialects/facts/Problem.h"

namespace texpr::facts {
namespace {

constexpr int valuesTried[] = {3, 5, 10};
constexpr int64_t nodesPerPass = 4000;
constexpr size_t maxOrdered = 24; // of more symbols the first ones are taken as they come

class Search {
public:
  Search(const OpenCase &open, const Accept &accept) : open(open), accept(accept) {
    choose();
    schedule();
  }

  std::optional<Values> run() {
    for (int count : valuesTried) {
      nodes = nodesPerPass;
      perSymbol = count;
      if (assign(0))
        return result;
    }
    return std::nullopt;
  }

private:
  /// The order of symbols: next is the one that completes the most facts, then the oldest.
  void choose() {
    std::vector<Symbol> left;
    for (const Fact &f : open.problem.facts)
      f.e.symbols(left);
    for (auto &[s, value] : open.problem.solved)
      value.symbols(left);
    for (auto &[s, value] : open.problem.solved)
      std::erase(left, s);
    std::sort(left.begin(), left.end());
    left.erase(std::unique(left.begin(), left.end()), left.end());
    while (!left.empty()) {
      if (left.size() > maxOrdered) {
        placeOf[left.front()] = order.size();
        order.push_back(left.front());
        left.erase(left.begin());
        continue;
      }
      auto completed = [&](Symbol s) {
        int n = 0;
        for (const Fact &f : open.problem.facts)
          n += f.e.uses(s) &&
               std::all_of(Node::of(f.e)->symbols.begin(), Node::of(f.e)->symbols.end(),
                           [&](Symbol t) { return t == s || placeOf.count(t); });
        return n;
      };
      size_t best = 0;
      int most = -1;
      for (size_t i = 0; i < left.size(); ++i)
        if (int n = completed(left[i]); n > most) {
          most = n;
          best = i;
        }
      placeOf[left[best]] = order.size();
      order.push_back(left[best]);
      left.erase(left.begin() + best);
    }
    values.assign(order.size(), 0);
  }

  void schedule() {
    checks.resize(order.size());
    for (const Fact &f : open.problem.facts) {
      size_t last = 0;
      for (Symbol s : Node::of(f.e)->symbols)
        last = std::max(last, placeOf[s]);
      if (!order.empty())
        checks[last].push_back(&f);
    }
    guesses.resize(order.size());
    for (const auto &g : open.guesses)
      if (auto it = placeOf.find(g.symbol); it != placeOf.end())
        guesses[it->second] = &g;
  }

  std::optional<int64_t> valueOf(Symbol s) const {
    auto it = placeOf.find(s);
    return it == placeOf.end() ? std::nullopt : std::optional<int64_t>(values[it->second]);
  }

  /// The values to try for a symbol: those nearest to 0 that its bounds admit.
  std::vector<int64_t> domain(size_t place) const {
    const OpenCase::Guess *g = guesses[place];
    int64_t lo = g && g->lo ? *g->lo : INT64_MIN, hi = g && g->hi ? *g->hi : INT64_MAX;
    std::vector<int64_t> out;
    int64_t start = lo > 0 ? lo : hi < 0 ? hi : 0;
    for (int64_t d = 0; int(out.size()) < perSymbol && d <= perSymbol; ++d) {
      int64_t up, down;
      if (!__builtin_add_overflow(start, d, &up) && up <= hi)
        out.push_back(up);
      if (d && !__builtin_sub_overflow(start, d, &down) && down >= lo)
        out.push_back(down);
    }
    for (auto v : {g ? g->point : std::nullopt, g ? g->hi : std::nullopt})
      if (v && std::find(out.begin(), out.end(), *v) == out.end())
        out.push_back(*v);
    return out;
  }

  bool assign(size_t place) {
    if (place == order.size()) {
      result = complete();
      return result && accept(*result);
    }
    auto value = [&](Symbol s) { return valueOf(s); };
    for (int64_t v : domain(place)) {
      if (--nodes < 0)
        return false;
      values[place] = v;
      bool good = std::all_of(checks[place].begin(), checks[place].end(),
                              [&](const Fact *f) { return holds(*f, value).value_or(false); });
      if (good && assign(place + 1))
        return true;
    }
    return false;
  }

  std::optional<Values> complete() const {
    Values all;
    for (size_t i = 0; i < order.size(); ++i)
      all[order[i]] = values[i];
    const auto &solved = open.problem.solved;
    for (size_t i = solved.size(); i-- > 0;) {
      auto v = evaluateNode(Node::of(solved[i].second), [&](Symbol s) {
        auto it = all.find(s);
        return it == all.end() ? std::nullopt : std::optional<int64_t>(it->second);
      });
      if (!v)
        return std::nullopt;
      all[solved[i].first] = *v;
    }
    return all;
  }

  const OpenCase &open;
  const Accept &accept;
  std::optional<Values> result;
  std::vector<Symbol> order;
  std::unordered_map<Symbol, size_t> placeOf;
  std::vector<int64_t> values;
  std::vector<std::vector<const Fact *>> checks;
  std::vector<const OpenCase::Guess *> guesses;
  int64_t nodes = 0;
  int perSymbol = 0;
};

} // namespace

std::optional<Values> findWitness(const OpenCase &open, const Accept &accept) {
  return Search(open, accept).run();
}

} // namespace texpr::facts
