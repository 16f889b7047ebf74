/* One row times one column: three i8, whose sum fits no i8, and two bf16. */
#include "mixed_matmul.h"
#include <stdio.h>

int main(void) {
  int8_t a[3] = {127, 127, -128}, b[3] = {127, 127, 28};
  tx_bf16 x[2] = {0x3fc0, 0x3f80}, y[2] = {0x4000, 0x3e80}; /* 1.5 1, 2 0.25 */
  int32_t c;
  float z;
  if (i8_matmul(1, 3, 1, a, b, &c, NULL) != TX_OK || bf16_matmul(1, 2, 1, x, y, &z, NULL) != TX_OK)
    return 1;
  printf("i8: %d\nbf16: %.2f\n", c, z);
  return 0;
}
