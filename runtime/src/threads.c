/* parallel_for and the default pool behind it.

   One job at a time. The word `gate` holds how many workers may still join the job (high half) and
   how many are inside it (low half). The caller writes the job, opens the gate, works itself,
   closes the gate and waits for the low half to reach zero: after that no worker can see the job,
   so its memory is the caller's again. Tasks are handed out by an atomic counter. A second caller,
   or a task that calls again, finds the pool held and runs its tasks inline: the results are the
   same bits, since nothing in generated code depends on the number of threads.

   Waiting is 50 µs of spinning, then a futex (a condition variable takes two locks a wake-up).
   Workers are started by the first call that wants them, hold no signals, and live as long as the
   process. After fork() the child has none, and a handler forgets them. The library that holds this
   code is pinned, so that dlclose() cannot pull it from under a worker. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "texpr/runtime.h"
#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPIN_NANOSECONDS = 50000, WORKER_STACK_BYTES = 1 << 20, MAX_WORKERS = 1023 };
enum { GATE_SLOT = 1 << 16, GATE_INSIDE = GATE_SLOT - 1 };
enum { WAKE_WORKERS = 1, WAKE_CALLER = 2 }; /* futex bit sets: both kinds sleep on `gate` */

typedef struct Job {
  void (*task)(void *arg, int64_t index);
  void *arg;
  uint64_t tasks;
  uint64_t next; /* atomic */
} Job;

typedef struct Pool {
  uint32_t held;          /* atomic: 1 while a caller owns the pool */
  uint32_t gate;          /* atomic */
  uint32_t sleeping;      /* atomic: workers that may be in the futex */
  uint32_t caller_sleeps; /* atomic */
  int32_t workers;        /* 1 + the started threads; 0: not started. Touched by the holder only */
  uint32_t fork_handler;  /* installed; the holder's */
  Job job;
} Pool;

extern Pool TX_RT(pool);
TX_RT_SYMBOL Pool TX_RT(pool);

/* ---- waiting
 * ----------------------------------------------------------------------------------------------------
 */

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void futex_wait(uint32_t *word, uint32_t seen, uint32_t set) {
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen, NULL, NULL, set);
}

static void futex_wake(uint32_t *word, int count, uint32_t set) {
  syscall(SYS_futex, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, count, NULL, NULL, set);
}

/* Spins until `ready(gate)`, for at most SPIN_NANOSECONDS; the last value read. */
static uint32_t spin(Pool *pool, int (*ready)(uint32_t gate)) {
  uint32_t gate = __atomic_load_n(&pool->gate, __ATOMIC_ACQUIRE);
  int64_t start = 0;
  for (unsigned turn = 1; !ready(gate); ++turn) {
    relax();
    if (turn % 32 == 0) {
      int64_t now = nanoseconds();
      if (!start)
        start = now;
      else if (now - start > SPIN_NANOSECONDS)
        break;
    }
    gate = __atomic_load_n(&pool->gate, __ATOMIC_ACQUIRE);
  }
  return gate;
}

static int is_open(uint32_t gate) { return gate >= GATE_SLOT; }
static int is_empty(uint32_t gate) { return (gate & GATE_INSIDE) == 0; }

/* ---- workers
 * ----------------------------------------------------------------------------------------------------
 */

static void run_tasks(Job *job) {
  for (;;) {
    uint64_t index = __atomic_fetch_add(&job->next, 1, __ATOMIC_RELAXED);
    if (index >= job->tasks)
      return;
    job->task(job->arg, (int64_t)index);
  }
}

/* Waits for an open gate and takes one of its places. */
static void join_job(Pool *pool) {
  for (;;) {
    uint32_t gate = spin(pool, is_open);
    while (is_open(gate))
      if (__atomic_compare_exchange_n(&pool->gate, &gate, gate - GATE_SLOT + 1, 0, __ATOMIC_ACQ_REL,
                                      __ATOMIC_ACQUIRE))
        return;
    /* Announce, look again, sleep: the caller opens, then looks for sleepers; one of the two sees
     * the other. */
    __atomic_fetch_add(&pool->sleeping, 1, __ATOMIC_SEQ_CST);
    gate = __atomic_load_n(&pool->gate, __ATOMIC_SEQ_CST);
    if (!is_open(gate))
      futex_wait(&pool->gate, gate, WAKE_WORKERS);
    __atomic_fetch_sub(&pool->sleeping, 1, __ATOMIC_SEQ_CST);
  }
}

static void *worker(void *argument) {
  Pool *pool = argument;
  TX_RT(fp_enter)();
  for (;;) {
    join_job(pool);
    run_tasks(&pool->job);
    uint32_t before = __atomic_fetch_sub(&pool->gate, 1, __ATOMIC_SEQ_CST);
    if ((before & GATE_INSIDE) == 1 && __atomic_load_n(&pool->caller_sleeps, __ATOMIC_SEQ_CST))
      futex_wake(&pool->gate, 1, WAKE_CALLER);
  }
  return NULL;
}

/* ---- starting
 * ---------------------------------------------------------------------------------------------------
 */

static int allowed_cpus(void) {
  unsigned long mask[1024 / sizeof(unsigned long)] = {0}; /* 8192 CPUs */
  int count = 0;
  if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)mask))
    return 1;
  for (unsigned i = 0; i < sizeof mask / sizeof *mask; ++i)
    count += __builtin_popcountl(mask[i]);
  return count < 1 ? 1 : count > MAX_WORKERS ? MAX_WORKERS : count;
}

static void forget_after_fork(void) { TX_RT(pool) = (Pool){.fork_handler = 1}; }

/* Weak: a static program, or an old libc without -ldl, has no dlclose() to guard against either. */
extern int dladdr(const void *address, Dl_info *info) __attribute__((weak));
extern void *dlopen(const char *file, int mode) __attribute__((weak));

static void pin_library(void) {
  Dl_info info;
  if (dladdr && dlopen && dladdr(&TX_RT(pool), &info) && info.dli_fname)
    (void)dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static int start_thread(Pool *pool) {
  pthread_t thread;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes))
    return 0;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
  int failed = pthread_create(&thread, &attributes, worker, pool);
  pthread_attr_destroy(&attributes);
  return !failed;
}

/* The holder's first job: one thread fewer than CPUs, or as many as the system grants. */
static void start_workers(Pool *pool) {
  sigset_t all, before;
  int cpus = allowed_cpus();
  pool->workers = 1;
  if (cpus == 1)
    return;
  if (!pool->fork_handler && pthread_atfork(NULL, NULL, forget_after_fork))
    return; /* without the handler a child would wait for threads that it lacks */
  pool->fork_handler = 1;
  pin_library();
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool->workers < cpus && start_thread(pool))
    ++pool->workers;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- parallel_for
 * -----------------------------------------------------------------------------------------------
 */

static void run_on_pool(Pool *pool, Job job, int64_t helpers) {
  pool->job = job;
  __atomic_store_n(&pool->gate, (uint32_t)helpers * GATE_SLOT, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&pool->sleeping, __ATOMIC_SEQ_CST))
    futex_wake(&pool->gate, (int)helpers, WAKE_WORKERS);
  run_tasks(&pool->job);
  __atomic_and_fetch(&pool->gate, GATE_INSIDE, __ATOMIC_ACQ_REL); /* nobody joins any more */
  while (!is_empty(spin(pool, is_empty))) {
    __atomic_store_n(&pool->caller_sleeps, 1, __ATOMIC_SEQ_CST);
    uint32_t gate = __atomic_load_n(&pool->gate, __ATOMIC_SEQ_CST);
    if (!is_empty(gate))
      futex_wait(&pool->gate, gate, WAKE_CALLER);
    __atomic_store_n(&pool->caller_sleeps, 0, __ATOMIC_SEQ_CST);
  }
}

static void run_hosted(void *argument, int64_t index) {
  Job *job = argument;
  uint64_t saved = TX_RT(fp_enter)();
  job->task(job->arg, index);
  TX_RT(fp_leave)(saved);
}

static int run_on_host(const tx_call *call, Job job) {
  int64_t code = call->parallel_for(call->parallel_context, (int64_t)job.tasks, run_hosted, &job);
  return code ? TX_RT(error)(call, TX_ERR_DRIVER, -1, 0, "tx_call.parallel_for returned {}", &code)
              : TX_OK;
}

TX_RT_SYMBOL int TX_RT(parallel_for)(const tx_call *call, int64_t tasks,
                                     void (*task)(void *arg, int64_t index), void *arg) {
  Pool *pool = &TX_RT(pool);
  int64_t limit = call && call->max_workers ? call->max_workers : MAX_WORKERS;
  Job job = {task, arg, tasks > 0 ? (uint64_t)tasks : 0, 0};
  if (limit > 1 && tasks > 1) {
    if (call && call->parallel_for)
      return run_on_host(call, job);
    if (!__atomic_exchange_n(&pool->held, 1, __ATOMIC_ACQUIRE)) {
      if (!pool->workers)
        start_workers(pool);
      int64_t helpers = (limit < pool->workers ? limit : pool->workers) - 1;
      helpers = helpers < tasks - 1 ? helpers : tasks - 1;
      if (helpers)
        run_on_pool(pool, job, helpers);
      else
        run_tasks(&job);
      __atomic_store_n(&pool->held, 0, __ATOMIC_RELEASE);
      return TX_OK;
    }
  }
  run_tasks(&job);
  return TX_OK;
}
