/* The functions that generated code calls; no user sees them. They are compiled to bitcode when
   texprc is built and linked into every object, so an object needs nothing but libc and pthread.

   Names: TX_RT(name) is tx_rt_<abi hash>_name, the hash being that of the runtime's own sources.
   All symbols are weak and hidden: objects of one version share one pool, objects of different
   versions never meet. State is zero-initialized and made on first use: there are no global
   constructors. Nothing here prints, aborts, exits or keeps a thread-local. */
#ifndef TEXPR_RUNTIME_H
#define TEXPR_RUNTIME_H
#include "texpr/abi.h"

#ifndef TX_RT_HASH
#define TX_RT_HASH plain /* the library for unit tests; bitcode gets the hash from the build */
#endif
#define TX_RT_JOIN2(hash, name) tx_rt_##hash##_##name
#define TX_RT_JOIN(hash, name) TX_RT_JOIN2(hash, name)
#define TX_RT(name) TX_RT_JOIN(TX_RT_HASH, name)
/* On definitions only: a weak reference would not pull its member out of an archive. */
#define TX_RT_SYMBOL __attribute__((weak, visibility("hidden")))

#ifdef __cplusplus
extern "C" {
#endif

/* Runs task(arg, 0) … task(arg, tasks - 1), in any order, on up to call->max_workers threads, and
   returns when all are done and their writes visible. The host's own pool serves where
   call->parallel_for is set; a call from inside a task, or while another thread holds the pool,
   runs inline. TX_OK, or TX_ERR_DRIVER where the host's hook returned non-zero. */
int TX_RT(parallel_for)(const tx_call *call, int64_t tasks, void (*task)(void *arg, int64_t index),
                        void *arg);

/* The entry's first check of `call` (NULL is fine): size, abi, device, max_workers. The status,
 * worded already. */
int TX_RT(check_call)(const tx_call *call);

/* `*workspace` becomes the caller's block, or a fresh one of `bytes` where the caller gave none
   (NULL where bytes is 0). TX_ERR_WORKSPACE where the caller's is too small or not aligned to 64;
   TX_ERR_MEMORY. */
int TX_RT(acquire)(const tx_call *call, int64_t bytes, void **workspace);
/* Gives back what `acquire` allocated. */
void TX_RT(release)(const tx_call *call, void *workspace);

/* Words an error into call->error_text, fills call->report, and returns `status`. Each "{}" of
   `text` stands for the next of `values`. The text is cut to the caller's buffer and always ends in
   NUL. `site` is -1 for an entry error. */
int TX_RT(error)(const tx_call *call, int status, int32_t site, int64_t index, const char *text,
                 const int64_t *values);

/* A data error found by a task: `slot` keeps the lowest site, then the lowest index, in any order
   of arrival. The entry zeroes the slot first and reads it after the last parallel_for. */
void TX_RT(report)(tx_report *slot, int32_t site, int64_t index);

/* The x86-64 level whose instructions this CPU and its system can run: 1, 2, 3 or 4; 0 on aarch64.
 */
int TX_RT(cpu_level)(void);

/* IEEE defaults (to nearest, no flushing, no traps) for the generated code, whatever the host's
   thread has set. `fp_enter` returns what `fp_leave` restores. parallel_for does both around the
   tasks on other threads. */
uint64_t TX_RT(fp_enter)(void);
void TX_RT(fp_leave)(uint64_t saved);

#ifdef __cplusplus
}
#endif
#endif
