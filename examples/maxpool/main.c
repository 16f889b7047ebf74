/* Max-pooling of a 4 x 4 image by windows of 3, stride 2, padding 1, and by 2 x 2. */
#include "maxpool.h"
#include <stdio.h>

int main(void) {
  float x[16], y[4];
  for (int i = 0; i < 16; ++i)
    x[i] = (float)-i;
  if (maxpool(1, 1, 4, 4, x, 3, 2, 1, y, NULL) != TX_OK)
    return 1;
  printf("%g %g %g %g\n", y[0], y[1], y[2], y[3]);
  if (maxpool2x2(1, 1, 2, 2, x, y, NULL) != TX_OK)
    return 1;
  printf("%g %g %g %g\n", y[0], y[1], y[2], y[3]);
  return 0;
}
