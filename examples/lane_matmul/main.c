/* The square of a 32 x 32 matrix of halves, and the product of its first row with itself. */
#include "lane_matmul.h"
#include <stdio.h>

int main(void) {
  static float a[32 * 32], c[32 * 32];
  for (int i = 0; i < 32 * 32; ++i)
    a[i] = 0.5f;
  float d;
  if (lane_matmul(32, 32, 32, a, a, c, NULL) != TX_OK || dots(1, a, a, &d, NULL) != TX_OK)
    return 1;
  printf("c[0][0] = %g, c[31][31] = %g, a dot a = %g\n", c[0], c[32 * 32 - 1], d);
  return 0;
}
