/* The C types that every generated header carries. texprc copies all below this comment into each
   header, so that a header stands alone and two of them meet without a clash. The layout is a
   promise (docs/abi.md): a change is a new TEXPR_ABI_<n>, never an edit. */
/* clang-format off */
#ifndef TEXPR_ABI_1                                    /* the same in every header */
#define TEXPR_ABI_1 1
#include <stddef.h>
#include <stdint.h>
typedef enum tx_status {
  TX_OK = 0,
  TX_ERR_ARGUMENT,   /* NULL, misaligned, negative or overflowing dim, wrong size or abi */
  TX_ERR_CONTRACT,   /* a relation of dims or a where fact does not hold */
  TX_ERR_WORKSPACE,  /* too small or misaligned */
  TX_ERR_DATA,       /* a fact on elements, else fail, max N else fail */
  TX_ERR_NO_VARIANT, /* no code for this CPU or GPU */
  TX_ERR_DRIVER,     /* driver absent or too old, or its own error (in the text) */
  TX_ERR_MEMORY
} tx_status;
typedef struct tx_report { int32_t status, site; int64_t index; } tx_report;
enum { TX_CPU = -1, TX_CUDA = 0 };
typedef struct tx_call {
  uint32_t size, abi;                                  /* sizeof(tx_call), TEXPR_ABI_1 */
  int32_t device, max_workers;                         /* 0 workers: all */
  void *stream;                                        /* a CUstream */
  void *workspace; size_t workspace_bytes;
  int (*parallel_for)(void *context, int64_t tasks, void (*task)(void *arg, int64_t index), void *arg);
  void *parallel_context;
  tx_report *report;
  char *error_text; size_t error_text_bytes;
} tx_call;
#endif
