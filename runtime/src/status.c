/* Errors: the check of tx_call, the wording of a text, the lowest data error, the workspace.

   A text is built without printf: no locale, no stdio, no allocation, any stack. Entry errors are
   worded on the caller's thread; data errors come from many tasks at once and meet in one slot,
   whose `status` word doubles as its lock (an error path: a few contended writes, against a wider
   atomic that not every CPU has). */
#include "texpr/runtime.h"
#include <stdlib.h>

/* Appends to a buffer that may be too short; the last byte is kept for the NUL. */
typedef struct Text {
  char *at, *end;
} Text;

static void put_char(Text *text, char c) {
  if (text->at < text->end)
    *text->at++ = c;
}

static void put_integer(Text *text, int64_t value) {
  char digits[20];
  int count = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do
    digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    put_char(text, '-');
  while (count)
    put_char(text, digits[--count]);
}

TX_RT_SYMBOL int TX_RT(error)(const tx_call *call, int status, int32_t site, int64_t index,
                              const char *text, const int64_t *values) {
  if (!call)
    return status;
  if (call->report) {
    call->report->status = status;
    call->report->site = site;
    call->report->index = index;
  }
  if (!call->error_text || !call->error_text_bytes)
    return status;
  Text out = {call->error_text, call->error_text + call->error_text_bytes - 1};
  for (; *text; ++text) {
    if (text[0] == '{' && text[1] == '}') {
      put_integer(&out, *values++);
      ++text;
    } else {
      put_char(&out, *text);
    }
  }
  *out.at = 0;
  return status;
}

TX_RT_SYMBOL int TX_RT(check_call)(const tx_call *call) {
  if (!call)
    return TX_OK;
  /* With another size the place of error_text is unknown, so there is no text. */
  if (call->size != sizeof(tx_call) || call->abi != TEXPR_ABI_1)
    return TX_ERR_ARGUMENT;
  int64_t value;
  if (call->device != TX_CPU) {
    value = call->device;
    return TX_RT(error)(call, TX_ERR_NO_VARIANT, -1, 0,
                        "tx_call.device is {}, and this object has code for TX_CPU (-1) only",
                        &value);
  }
  if (call->max_workers < 0) {
    value = call->max_workers;
    return TX_RT(error)(call, TX_ERR_ARGUMENT, -1, 0,
                        "tx_call.max_workers is {}, expected 0 (all) or more", &value);
  }
  return TX_OK;
}

enum { WORKSPACE_ALIGNMENT = 64 };

TX_RT_SYMBOL int TX_RT(acquire)(const tx_call *call, int64_t bytes, void **workspace) {
  *workspace = NULL;
  if (call && call->workspace) {
    if ((uintptr_t)call->workspace % WORKSPACE_ALIGNMENT)
      return TX_RT(error)(call, TX_ERR_WORKSPACE, -1, 0,
                          "tx_call.workspace is not aligned to 64 bytes", NULL);
    if (call->workspace_bytes < (uint64_t)bytes) {
      int64_t values[2] = {(int64_t)call->workspace_bytes, bytes};
      return TX_RT(error)(call, TX_ERR_WORKSPACE, -1, 0,
                          "tx_call.workspace_bytes is {}, expected at least {}", values);
    }
    *workspace = call->workspace;
    return TX_OK;
  }
  if (!bytes)
    return TX_OK;
  uint64_t rounded =
      ((uint64_t)bytes + WORKSPACE_ALIGNMENT - 1) / WORKSPACE_ALIGNMENT * WORKSPACE_ALIGNMENT;
  *workspace = rounded > PTRDIFF_MAX ? NULL : aligned_alloc(WORKSPACE_ALIGNMENT, rounded);
  return *workspace ? TX_OK
                    : TX_RT(error)(call, TX_ERR_MEMORY, -1, 0,
                                   "no memory for a workspace of {} bytes", &bytes);
}

TX_RT_SYMBOL void TX_RT(release)(const tx_call *call, void *workspace) {
  if (!call || !call->workspace)
    free(workspace);
}

enum { SLOT_LOCKED = -1 };

TX_RT_SYMBOL void TX_RT(report)(tx_report *slot, int32_t site, int64_t index) {
  /* The site only falls, so one that is lower already settles it without the lock. */
  int32_t status = __atomic_load_n(&slot->status, __ATOMIC_ACQUIRE);
  if (status == TX_ERR_DATA && __atomic_load_n(&slot->site, __ATOMIC_RELAXED) < site)
    return;
  for (;;) {
    if (status != SLOT_LOCKED && __atomic_compare_exchange_n(&slot->status, &status, SLOT_LOCKED, 1,
                                                             __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      break;
    status = __atomic_load_n(&slot->status, __ATOMIC_RELAXED);
  }
  int first = status != TX_ERR_DATA;
  if (first || site < slot->site || (site == slot->site && index < slot->index)) {
    __atomic_store_n(&slot->site, site, __ATOMIC_RELAXED);
    slot->index = index;
  }
  __atomic_store_n(&slot->status, TX_ERR_DATA, __ATOMIC_RELEASE);
}
