// `fully par`: iterations that are all there, and what they do together.
//
// In: a `fully par`. Each iteration is a lane with names of its own and a thread of its own, of which one
// runs at a time: to its next meeting point (`barrier`, `shuffle`, …) or its end. When all have come, the
// results are made from what each brought, and all go on. Between meeting points lanes run one after
// another, in index order or a random one; the checker has excluded that it can be seen, and that lanes
// meet at different points. Threads rather than a lock-step evaluation of every form: the other functions
// of the interpreter need to know nothing of lanes.
#include "compiler/reference/Machine.h"
#include <algorithm>
#include <numeric>
#include <semaphore>
#include <thread>

namespace texpr::reference {

namespace {
/// Thrown in the lanes that still wait where another one failed.
struct Abandoned {};

struct Lane {
  std::binary_semaphore go{0};
  std::thread thread;
  const void *point = nullptr; // where it waits; null: it has ended
  std::vector<Value> brought;
  Value result;
  std::optional<Failure> failure;
};
} // namespace

class Lanes {
public:
  /// What each lane gets where all wait at one point.
  using Meet = std::function<void(std::vector<Lane> &)>;

  explicit Lanes(size_t count) : lanes(count) {}

  /// Runs `body` in every lane to its end; the failure of the first lane that has one.
  std::optional<Failure> run(const std::function<void(size_t)> &body,
                             const std::function<void(std::vector<size_t> &)> &shuffle,
                             const std::function<Failure(const void *)> &apart) {
    for (size_t l = 0; l < lanes.size(); ++l)
      lanes[l].thread = std::thread([&, l] { enter(l, body); });
    std::vector<size_t> order(lanes.size());
    std::iota(order.begin(), order.end(), 0);
    std::optional<Failure> failure;
    bool goesOn = true;
    while (goesOn) {
      shuffle(order);
      for (size_t l : order)
        resume(lanes[l]);
      for (Lane &lane : lanes)
        if (lane.failure && !failure)
          failure = lane.failure;
      const void *point = lanes[0].point;
      const bool together =
          std::all_of(lanes.begin(), lanes.end(), [&](Lane &l) { return l.point == point; });
      if (!failure && !together)
        failure = apart(point);
      if (!failure && point)
        try {
          meet(lanes);
        } catch (Failure &f) {
          failure = f;
        }
      goesOn = !failure && point;
    }
    isAbandoned = true;
    for (Lane &lane : lanes) {
      if (lane.point)
        resume(lane);
      lane.thread.join();
    }
    return failure;
  }

  /// Called in lane `l`: waits for all.
  Value arrive(size_t l, const void *point, std::vector<Value> brought, Meet how) {
    Lane &lane = lanes[l];
    lane.point = point;
    lane.brought = std::move(brought);
    meet = std::move(how);
    back.release();
    lane.go.acquire();
    if (isAbandoned)
      throw Abandoned{};
    return lane.result;
  }

private:
  std::vector<Lane> lanes;
  std::binary_semaphore back{0};
  Meet meet;
  bool isAbandoned = false;

  void resume(Lane &lane) {
    lane.go.release();
    back.acquire();
  }

  void enter(size_t l, const std::function<void(size_t)> &body) {
    Lane &lane = lanes[l];
    lane.go.acquire();
    try {
      body(l);
    } catch (Abandoned &) {
    } catch (Failure &f) {
      lane.failure = f;
    } catch (std::bad_alloc &) {
      lane.failure = Failure{Failure::Kind::Fuel, {}, "out of memory", -1};
    }
    lane.point = nullptr;
    back.release();
  }
};

void Machine::fullPar(const ParStmt &s) {
  std::vector<std::vector<Value>> points;
  std::vector<int64_t> iterations;
  forDomain(s.domain, s.binders, [&] {
    iterations.push_back(frame->iteration);
    std::vector<Value> point;
    for (const auto &binder : s.binders)
      point.push_back(frame->find(*binder) ? *frame->find(*binder) : Value());
    points.push_back(std::move(point));
  });
  if (points.empty())
    return;
  Frame *const outer = frame;
  Lanes *const around = lanes;
  const size_t laneBefore = lane;
  const unsigned sums = sumDepth;
  Lanes here(points.size());
  auto body = [&](size_t l) {
    Frame own;
    own.outer = outer;
    own.iteration = iterations[l];
    frame = &own;
    lanes = &here;
    lane = l;
    sumDepth = sums;
    for (size_t b = 0; b < s.binders.size(); ++b)
      bind(*s.binders[b], points[l][b]);
    run(*s.body);
  };
  auto shuffle = [&](std::vector<size_t> &order) {
    if (options.shuffleParallel)
      std::shuffle(order.begin(), order.end(), random);
  };
  auto apart = [&](const void *) {
    return Failure{Failure::Kind::Internal, s.range,
                   "the checker let through lanes that meet at different points", -1};
  };
  const std::optional<Failure> failure = here.run(body, shuffle, apart);
  frame = outer;
  lanes = around;
  lane = laneBefore;
  sumDepth = sums;
  if (failure)
    throw *failure;
}

/// Waits for all lanes; the state of the interpreter is this lane's again afterwards.
Value Machine::meetLanes(
    SourceRange site, const void *point, std::vector<Value> brought,
    const std::function<void(const std::vector<std::vector<Value>> &, std::vector<Value> &)> &how) {
  if (!lanes)
    internal(site, "a meeting of lanes outside of `fully par`");
  Frame *const mine = frame;
  Lanes *const here = lanes;
  const size_t l = lane;
  const unsigned sums = sumDepth;
  Value result = here->arrive(l, point, std::move(brought), [&](std::vector<Lane> &all) {
    std::vector<std::vector<Value>> given;
    for (Lane &one : all)
      given.push_back(one.brought);
    std::vector<Value> results(all.size());
    how(given, results);
    for (size_t i = 0; i < all.size(); ++i)
      all[i].result = results[i];
  });
  frame = mine;
  lanes = here;
  lane = l;
  sumDepth = sums;
  return result;
}

void Machine::barrier(const BarrierStmt &s) {
  meetLanes(s.range, &s, {}, [](const auto &, std::vector<Value> &) {});
}

Value Machine::laneOp(const CallExpr &e) {
  std::vector<Value> args;
  for (const ExprPtr &arg : e.args)
    args.push_back(eval(*arg));
  return meetLanes(
      e.range, &e, std::move(args), [&](const auto &given, std::vector<Value> &results) {
        const size_t count = given.size();
        auto mask = [&](auto &&holds) {
          uint64_t bits = 0;
          for (size_t l = 0; l < count; ++l)
            bits |= uint64_t(holds(l)) << l;
          return integer(ScalarKind::U32, bits);
        };
        auto isTrue = [&](size_t l) { return toInt(given[l][0].scalar()) != 0; };
        const Scalar votes = mask([&](size_t l) {
          return (e.laneOp == LaneOp::Ballot || e.laneOp == LaneOp::Any ||
                  e.laneOp == LaneOp::All) &&
                 isTrue(l);
        });
        for (size_t l = 0; l < count; ++l)
          switch (e.laneOp) {
          case LaneOp::Shuffle: { // lanes count modulo the width
            const int64_t from = toInt(given[l][1].scalar()) % int64_t(count);
            results[l] = given[from < 0 ? from + count : from][0];
            break;
          }
          case LaneOp::Uniform:
            results[l] = given[0][0];
            if (!given[l][0].sameAs(given[0][0]))
              fail(Failure::Kind::Data, e.range, "`uniform`: the lanes have different values", l);
            break;
          case LaneOp::Ballot:
            results[l] = votes;
            break;
          case LaneOp::Match:
            results[l] = mask([&](size_t other) { return given[other][0].sameAs(given[l][0]); });
            break;
          case LaneOp::Any:
            results[l] = boolean(toInt(votes) != 0);
            break;
          case LaneOp::All:
            results[l] = boolean(toInt(votes) == (int64_t(1) << count) - 1);
            break;
          case LaneOp::Below:
            results[l] = integer(ScalarKind::U32, (uint64_t(1) << l) - 1);
            break;
          case LaneOp::None:
            internal(e.range, "a call that is no operation of lanes");
          }
      });
}

} // namespace texpr::reference
