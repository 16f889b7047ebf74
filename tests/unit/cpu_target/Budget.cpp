// What a compile costs and how large its object is: generous bounds against accidents, and the figures on stdout.
#include "tests/unit/cpu_target/Harness.h"
#include <ctime>
#include <gtest/gtest.h>
#include <sys/resource.h>

TEST(Budget, SoftmaxForThreeMachines) {
  std::vector<std::string> machines = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
  std::string first = compileText(softmaxText(), machines, 0);
  clock_t begin = clock();
  std::string second = compileText(softmaxText(), machines, 0);
  double ms = 1e3 * (clock() - begin) / CLOCKS_PER_SEC;
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("  %.1f ms, %ld MB, %zu bytes\n", ms, usage.ru_maxrss / 1024, second.size());
  EXPECT_EQ(first, second) << "the bytes differ from run to run";
  EXPECT_LE(second.size(), 60u << 10);
}
