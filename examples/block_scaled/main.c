/* A row of 0, 1, … 31, quantized, times itself: near the sum of their squares. */
#include "block_scaled.h"
#include <stdio.h>

int main(void) {
  float x[32], scale, c;
  tx_f8e4m3 q[32];
  int exact = 0;
  for (int i = 0; i < 32; ++i) {
    x[i] = (float)i;
    exact += i * i;
  }
  if (quantize(1, 1, x, q, &scale, NULL) != TX_OK ||
      scaled_matmul(1, 1, 1, q, &scale, q, &scale, &c, NULL) != TX_OK)
    return 1;
  printf("scale %.4f, largest 0x%02x\nproduct %.0f of %d\n", scale, q[31], c, exact);
  return 0;
}
