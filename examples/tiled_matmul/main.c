/* The square of a 64 x 64 matrix of halves. */
#include "tiled_matmul.h"
#include <stdio.h>

int main(void) {
  static float a[64 * 64], c[64 * 64];
  for (int i = 0; i < 64 * 64; ++i)
    a[i] = 0.5f;
  if (tiled_matmul(64, 64, 64, a, a, c, NULL) != TX_OK)
    return 1;
  printf("c[0][0] = %g, c[63][63] = %g\n", c[0], c[64 * 64 - 1]);
  return 0;
}
