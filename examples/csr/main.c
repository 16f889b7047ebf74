/* A sparse matrix times a vector; then row pointers that fall, which is an error and not a read elsewhere.

       1 0 2
   A = 0 0 0
       0 3 4 */
#include "csr.h"
#include <stdio.h>

int main(void) {
  int64_t row[4] = {0, 2, 2, 4};
  int32_t col[4] = {0, 2, 1, 2};
  float val[4] = {1, 2, 3, 4}, x[3] = {1, 10, 100}, y[3];
  if (spmv(3, 4, 3, row, col, val, x, y, NULL) != TX_OK)
    return 1;
  printf("%g %g %g\n", y[0], y[1], y[2]);

  char text[128];
  tx_call call = {.size = sizeof call,
                  .abi = TEXPR_ABI_1,
                  .device = TX_CPU,
                  .error_text = text,
                  .error_text_bytes = sizeof text};
  row[1] = 3;
  tx_status status = spmv(3, 4, 3, row, col, val, x, y, &call);
  printf("%s: status %d\n", text, (int)status);
  return status == TX_ERR_DATA ? 0 : 1;
}
