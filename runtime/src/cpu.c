/* What this CPU can run, and the floating-point state that generated code runs under.

   An AVX level counts only where the operating system saves its registers (XCR0), which CPUID's
   feature bits alone do not say: under an old kernel or a hypervisor's mask they fault all the
   same. Level lists: the x86-64 psABI, 1.0. */
#include "texpr/runtime.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

static int detect_level(void) {
  uint32_t a, b, c1, d, c81 = 0, b7 = 0, c, unused;
  const uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL;
  if (!__get_cpuid(1, &a, &b, &c1, &d))
    return 1;
  __get_cpuid(0x80000001u, &a, &b, &c81, &d);
  __get_cpuid_count(7, 0, &a, &b7, &c, &unused);
  if (!has(c1, bit_SSE3 | bit_SSSE3 | bit_SSE41 | bit_SSE42 | bit_POPCNT | bit_CMPXCHG16B) ||
      !has(c81, bit_LAHF_LM))
    return 1;
  if (!has(c1, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE | bit_OSXSAVE) || !has(c81, bit_LZCNT) ||
      !has(b7, bit_AVX2 | bit_BMI | bit_BMI2) || (enabled_state() & 0x06) != 0x06)
    return 2;
  return has(b7, avx512) && (enabled_state() & 0xe6) == 0xe6 ? 4 : 3;
}
#else
static int detect_level(void) { return 0; }
#endif

/* The level plus one; 0 is "not asked yet". Racing first calls write the same value. */
extern int TX_RT(level_plus_one);
TX_RT_SYMBOL int TX_RT(level_plus_one);

TX_RT_SYMBOL int TX_RT(cpu_level)(void) {
  int known = __atomic_load_n(&TX_RT(level_plus_one), __ATOMIC_RELAXED);
  if (!known) {
    known = detect_level() + 1;
    __atomic_store_n(&TX_RT(level_plus_one), known, __ATOMIC_RELAXED);
  }
  return known - 1;
}

/* The memory clobbers keep the loads and stores of inlined generated code between the two. */
#if defined(__x86_64__)
TX_RT_SYMBOL uint64_t TX_RT(fp_enter)(void) {
  uint32_t saved, ieee = 0x1f80;
  __asm__ volatile("stmxcsr %0" : "=m"(saved));
  if ((saved & ~0x3fu) != ieee) /* the low six bits are sticky flags */
    __asm__ volatile("ldmxcsr %0" : : "m"(ieee) : "memory");
  return saved;
}
TX_RT_SYMBOL void TX_RT(fp_leave)(uint64_t saved) {
  uint32_t word = (uint32_t)saved;
  if ((word & ~0x3fu) != 0x1f80)
    __asm__ volatile("ldmxcsr %0" : : "m"(word) : "memory");
}
#elif defined(__aarch64__)
TX_RT_SYMBOL uint64_t TX_RT(fp_enter)(void) {
  uint64_t saved;
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
  if (saved)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
  return saved;
}
TX_RT_SYMBOL void TX_RT(fp_leave)(uint64_t saved) {
  if (saved)
    __asm__ volatile("msr fpcr, %0" : : "r"(saved) : "memory");
}
#else
#error "an architecture without fp_enter"
#endif
