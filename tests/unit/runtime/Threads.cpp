// parallel_for: every task once, its writes visible, from any number of callers, nested, through a
// host's hook, in a forked child, with signals blocked on the workers, and asleep when there is
// nothing to do.
//
// The pool counts CPUs by sched_getaffinity, which this program defines itself: eight workers on
// any machine, so that the interleavings are those of a larger one.
#include "texpr/runtime.h"
#include <atomic>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" int sched_getaffinity(pid_t, size_t bytes, cpu_set_t *set) noexcept {
  std::fill_n(reinterpret_cast<unsigned char *>(set), bytes, 0);
  *reinterpret_cast<unsigned char *>(set) = 0xff;
  return 0;
}

namespace {

tx_call makeCall(int32_t workers) {
  tx_call call = {};
  call.size = sizeof call;
  call.abi = TEXPR_ABI_1;
  call.device = TX_CPU;
  call.max_workers = workers;
  return call;
}

/// Writes index + 1 into its own element, without synchronization: a lost or doubled task shows in
/// the sum.
void addIndex(void *arg, int64_t index) { static_cast<int64_t *>(arg)[index] += index + 1; }

int64_t sumOfTasks(const tx_call *call, int64_t tasks) {
  std::vector<int64_t> out(tasks);
  EXPECT_EQ(TX_RT(parallel_for)(call, tasks, addIndex, out.data()), TX_OK);
  return std::accumulate(out.begin(), out.end(), int64_t(0));
}

int64_t expectedSum(int64_t tasks) { return tasks * (tasks + 1) / 2; }

TEST(ParallelFor, RunsEachTaskOnceAtAnyWidth) {
  for (int32_t workers = 0; workers <= 8; ++workers)
    for (int64_t tasks : {0, 1, 2, 3, 7, 8, 9, 1000}) {
      tx_call call = makeCall(workers);
      ASSERT_EQ(sumOfTasks(&call, tasks), expectedSum(tasks)) << workers << " workers, " << tasks;
    }
  EXPECT_EQ(sumOfTasks(nullptr, 100), expectedSum(100));
}

TEST(ParallelFor, NegativeCountRunsNothing) {
  EXPECT_EQ(TX_RT(parallel_for)(nullptr, INT64_MIN, addIndex, nullptr), TX_OK);
}

TEST(ParallelFor, ShortJobsInARow) {
  for (int round = 0; round < 20000; ++round)
    ASSERT_EQ(sumOfTasks(nullptr, 3), expectedSum(3));
}

TEST(ParallelFor, OneWorkerStaysOnTheCallersThread) {
  tx_call call = makeCall(1);
  std::vector<std::thread::id> seen(50);
  auto task = [](void *arg, int64_t index) {
    static_cast<std::thread::id *>(arg)[index] = std::this_thread::get_id();
  };
  TX_RT(parallel_for)(&call, 50, task, seen.data());
  for (std::thread::id id : seen)
    EXPECT_EQ(id, std::this_thread::get_id());
}

TEST(ParallelFor, NestedCallsRunInline) {
  std::vector<int64_t> sums(40);
  auto outer = [](void *arg, int64_t index) {
    static_cast<int64_t *>(arg)[index] = sumOfTasks(nullptr, index + 1);
  };
  ASSERT_EQ(TX_RT(parallel_for)(nullptr, 40, outer, sums.data()), TX_OK);
  for (int64_t i = 0; i < 40; ++i)
    EXPECT_EQ(sums[i], expectedSum(i + 1));
}

TEST(ParallelFor, SixtyFourCallersAtOnce) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int c = 0; c < 64; ++c)
    callers.emplace_back([c, &wrong] {
      for (int round = 0; round < 100; ++round)
        wrong += sumOfTasks(nullptr, c + round) != expectedSum(c + round);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ParallelFor, SmallStackOfTheCaller) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  pthread_t thread;
  auto body = [](void *) -> void * {
    static int64_t out[10];
    std::fill_n(out, 10, 0);
    TX_RT(parallel_for)(nullptr, 10, addIndex, out);
    return out;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, body, nullptr), 0);
  void *out = nullptr;
  pthread_join(thread, &out);
  EXPECT_EQ(
      std::accumulate(static_cast<int64_t *>(out), static_cast<int64_t *>(out) + 10, int64_t(0)),
      expectedSum(10));
}

struct HostPool {
  int calls = 0, code = 0;
  static int run(void *context, int64_t tasks, void (*task)(void *, int64_t), void *arg) {
    auto *self = static_cast<HostPool *>(context);
    ++self->calls;
    for (int64_t i = tasks; i-- > 0;)
      task(arg, i);
    return self->code;
  }
};

TEST(ParallelFor, HostPoolServesInstead) {
  HostPool host;
  char text[64];
  tx_call call = makeCall(0);
  call.parallel_for = HostPool::run;
  call.parallel_context = &host;
  EXPECT_EQ(sumOfTasks(&call, 100), expectedSum(100));
  EXPECT_EQ(host.calls, 1);
  EXPECT_EQ(sumOfTasks(&call, 1), 1);
  EXPECT_EQ(host.calls, 1) << "one task needs no pool";
  host.code = -7;
  call.error_text = text;
  call.error_text_bytes = sizeof text;
  int64_t out[2] = {};
  EXPECT_EQ(TX_RT(parallel_for)(&call, 2, addIndex, out), TX_ERR_DRIVER);
  EXPECT_STREQ(text, "tx_call.parallel_for returned -7");
}

TEST(ParallelFor, ChildOfAForkHasItsOwnPool) {
  ASSERT_EQ(sumOfTasks(nullptr, 100), expectedSum(100));
  for (int round = 0; round < 20; ++round) {
    pid_t child = fork();
    if (!child)
      _exit(sumOfTasks(nullptr, 1000) == expectedSum(1000) ? 0 : 1);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  EXPECT_EQ(sumOfTasks(nullptr, 100), expectedSum(100));
}

TEST(ParallelFor, ForkWhileAnotherThreadHoldsThePool) {
  std::atomic<bool> stop = false;
  std::thread busy([&] {
    while (!stop)
      sumOfTasks(nullptr, 64);
  });
  for (int round = 0; round < 20; ++round) {
    pid_t child = fork();
    if (!child) {
      int64_t out[16] = {}; // no allocation: the other thread may have held malloc's lock
      TX_RT(parallel_for)(nullptr, 16, addIndex, out);
      _exit(std::accumulate(out, out + 16, int64_t(0)) == expectedSum(16) ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  busy.join();
}

TEST(ParallelFor, IdleWorkersSleep) {
  sumOfTasks(nullptr, 100);
  usleep(20000);
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  usleep(200000);
  getrusage(RUSAGE_SELF, &after);
  auto microseconds = [](const rusage &use) {
    return use.ru_utime.tv_sec * 1000000 + use.ru_utime.tv_usec;
  };
  EXPECT_LT(microseconds(after) - microseconds(before), 20000);
}

TEST(ParallelFor, WorkersTakeNoSignals) {
  std::atomic<int> open = 0;
  auto task = [](void *arg, int64_t) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    if (!sigismember(&mask, SIGUSR1))
      ++*static_cast<std::atomic<int> *>(arg);
    usleep(1000);
  };
  sigset_t user, before;
  sigemptyset(&user);
  sigaddset(&user, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &user, &before); // so that an open mask can only be a worker's
  TX_RT(parallel_for)(nullptr, 64, task, &open);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(open, 0);
}

} // namespace
