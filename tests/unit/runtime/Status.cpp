// The texts of errors, the order of data errors, the check of tx_call, the workspace, the CPU level
// and the floating-point state; and what the embedded bitcode and ABI text look like from outside.
#include "runtime/RuntimeBitcode.h"
#include "texpr/runtime.h"
#include <cfenv>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Call : tx_call {
  char text[128];
  tx_report slot = {};
  Call() : tx_call() {
    size = sizeof(tx_call);
    abi = TEXPR_ABI_1;
    device = TX_CPU;
    report = &slot;
    error_text = text;
    error_text_bytes = sizeof text;
    std::memset(text, '#', sizeof text);
  }
};

TEST(Error, NumbersInOrder) {
  Call call;
  int64_t values[] = {0, -1, INT64_MIN, INT64_MAX};
  EXPECT_EQ(TX_RT(error)(&call, TX_ERR_CONTRACT, 3, 17, "a {} b {}{} c {}", values),
            TX_ERR_CONTRACT);
  EXPECT_STREQ(call.text, "a 0 b -1-9223372036854775808 c 9223372036854775807");
  EXPECT_EQ(call.slot.status, TX_ERR_CONTRACT);
  EXPECT_EQ(call.slot.site, 3);
  EXPECT_EQ(call.slot.index, 17);
}

TEST(Error, CutsToTheCallersBuffer) {
  Call call;
  int64_t value = 123456;
  for (size_t bytes = 0; bytes <= 12; ++bytes) {
    std::memset(call.text, '#', sizeof call.text);
    call.error_text_bytes = bytes;
    TX_RT(error)(&call, TX_ERR_ARGUMENT, -1, 0, "n={}", &value);
    if (bytes)
      EXPECT_EQ(std::string(call.text), std::string("n=123456").substr(0, bytes - 1));
    EXPECT_EQ(call.text[bytes], '#') << "byte after the buffer, " << bytes;
  }
}

TEST(Error, WithoutACallOrABuffer) {
  EXPECT_EQ(TX_RT(error)(nullptr, TX_ERR_MEMORY, -1, 0, "x", nullptr), TX_ERR_MEMORY);
  Call call;
  call.error_text = nullptr;
  call.report = nullptr;
  EXPECT_EQ(TX_RT(error)(&call, TX_ERR_MEMORY, -1, 0, "x", nullptr), TX_ERR_MEMORY);
}

TEST(CheckCall, RefusesWhatItCannotServe) {
  EXPECT_EQ(TX_RT(check_call)(nullptr), TX_OK);
  Call call;
  EXPECT_EQ(TX_RT(check_call)(&call), TX_OK);
  call.size -= 8;
  EXPECT_EQ(TX_RT(check_call)(&call), TX_ERR_ARGUMENT);
  call.size += 8;
  call.abi = 2;
  EXPECT_EQ(TX_RT(check_call)(&call), TX_ERR_ARGUMENT);
  call.abi = TEXPR_ABI_1;
  call.max_workers = -1;
  EXPECT_EQ(TX_RT(check_call)(&call), TX_ERR_ARGUMENT);
  call.max_workers = 0;
  call.device = TX_CUDA;
  EXPECT_EQ(TX_RT(check_call)(&call), TX_ERR_NO_VARIANT);
  EXPECT_STREQ(call.text, "tx_call.device is 0, and this object has code for TX_CPU (-1) only");
}

TEST(Workspace, CallersOrFresh) {
  alignas(64) char block[256];
  Call call;
  void *got = block;
  EXPECT_EQ(TX_RT(acquire)(nullptr, 0, &got), TX_OK);
  EXPECT_EQ(got, nullptr);
  ASSERT_EQ(TX_RT(acquire)(&call, 100, &got), TX_OK);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(got) % 64, 0u);
  TX_RT(release)(&call, got);
  call.workspace = block;
  call.workspace_bytes = 128;
  ASSERT_EQ(TX_RT(acquire)(&call, 128, &got), TX_OK);
  EXPECT_EQ(got, block);
  TX_RT(release)(&call, got);
  EXPECT_EQ(TX_RT(acquire)(&call, 129, &got), TX_ERR_WORKSPACE);
  EXPECT_STREQ(call.text, "tx_call.workspace_bytes is 128, expected at least 129");
  call.workspace = block + 8;
  EXPECT_EQ(TX_RT(acquire)(&call, 8, &got), TX_ERR_WORKSPACE);
  call.workspace = nullptr;
  EXPECT_EQ(TX_RT(acquire)(&call, INT64_MAX, &got), TX_ERR_MEMORY);
  EXPECT_EQ(got, nullptr);
}

TEST(Report, LowestSiteThenIndexWins) {
  tx_report slot = {};
  for (auto [site, index] :
       {std::pair<int, int64_t>{5, 9}, {7, 1}, {5, 8}, {5, 10}, {3, INT64_MAX}, {4, 0}})
    TX_RT(report)(&slot, site, index);
  EXPECT_EQ(slot.status, TX_ERR_DATA);
  EXPECT_EQ(slot.site, 3);
  EXPECT_EQ(slot.index, INT64_MAX);
}

TEST(Report, FromManyThreads) {
  for (int round = 0; round < 50; ++round) {
    tx_report slot = {};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([t, &slot] {
        for (int i = 0; i < 200; ++i)
          TX_RT(report)(&slot, 2 + (t + i) % 3, 1000 - 8 * i - t);
      });
    for (std::thread &thread : threads)
      thread.join();
    int64_t lowest = INT64_MAX;
    for (int t = 0; t < 8; ++t)
      for (int i = 0; i < 200; ++i)
        if ((t + i) % 3 == 0)
          lowest = std::min<int64_t>(lowest, 1000 - 8 * i - t);
    ASSERT_EQ(slot.status, TX_ERR_DATA);
    ASSERT_EQ(slot.site, 2);
    ASSERT_EQ(slot.index, lowest);
  }
}

TEST(Cpu, LevelAgreesWithTheCompilers) {
  int level = TX_RT(cpu_level)();
  EXPECT_EQ(level, TX_RT(cpu_level)());
#if defined(__x86_64__)
  EXPECT_EQ(level >= 2, __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"));
  EXPECT_EQ(level >= 3, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ(level >= 4, __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"));
#else
  EXPECT_EQ(level, 0);
#endif
}

TEST(Fp, DefaultsInsideCallersOutside) {
  std::fesetround(FE_UPWARD);
  uint64_t saved = TX_RT(fp_enter)();
  volatile float one = 1, tiny = 1e-10f;
  volatile float inside = one + tiny;
  TX_RT(fp_leave)(saved);
  volatile float outside = one + tiny;
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(inside, 1.0f);
  EXPECT_GT(outside, 1.0f);
}

TEST(Fp, TasksOnWorkersRunUnderTheDefaults) {
  std::vector<float> sums(64);
  std::fesetround(FE_UPWARD);
  uint64_t saved = TX_RT(fp_enter)();
  auto task = [](void *arg, int64_t index) {
    volatile float one = 1, tiny = 1e-10f;
    static_cast<float *>(arg)[index] = one + tiny;
    std::this_thread::yield();
  };
  TX_RT(parallel_for)(nullptr, 64, task, sums.data());
  TX_RT(fp_leave)(saved);
  std::fesetround(FE_TONEAREST);
  for (float sum : sums)
    EXPECT_EQ(sum, 1.0f);
}

TEST(Embedded, BitcodeAndAbiText) {
  using namespace texpr::runtime;
  std::string_view bytes = bitcode("x86_64");
  ASSERT_GT(bytes.size(), 4u);
  EXPECT_EQ(bytes.substr(0, 4), "BC\xC0\xDE");
  EXPECT_TRUE(bitcode("vax").empty());
  EXPECT_EQ(prefix().substr(0, 6), "tx_rt_");
  EXPECT_NE(bytes.find(std::string(prefix()) + "parallel_for"), std::string_view::npos);
  EXPECT_EQ(abiText().substr(0, 19), "#ifndef TEXPR_ABI_1");
  EXPECT_EQ(abiText().substr(abiText().size() - 7), "#endif\n");
}

} // namespace
