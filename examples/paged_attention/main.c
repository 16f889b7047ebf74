/* Two sequences of 3 tokens and 1 token, in pages of 2: the first in pages 2 and 0, the second in page 1. All keys are 0, so
   that every token weighs the same, and a token's value is its place. Then a table that names a page too many. */
#include "paged_attention.h"
#include <stdio.h>

int main(void) {
  float q[2] = {1, 1}, keys[3][2] = {{0}}, values[3][2] = {{30, 31}, {40, 41}, {10, 20}}, y[2];
  int32_t table[2][2] = {{2, 0}, {1, 0}}, length[2] = {3, 1};
  tx_status status = paged_attention(2, 1, 1, 3, 2, 1, 2, q, &keys[0][0], &values[0][0],
                                     &table[0][0], length, 1.0f, y, NULL);
  if (status != TX_OK)
    return 1;
  printf("%g %g\n", y[0], y[1]);

  table[0][1] = 3;
  status = paged_attention(2, 1, 1, 3, 2, 1, 2, q, &keys[0][0], &values[0][0], &table[0][0], length,
                           1.0f, y, NULL);
  printf("with page 3: status %d\n", (int)status);
  return status == TX_ERR_DATA ? 0 : 1;
}
