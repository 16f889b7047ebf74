/* Four vertices with five edges. */
#include "floyd_warshall.h"
#include <math.h>
#include <stdio.h>

int main(void) {
  float w[16] = {0, 1, 5, INFINITY, INFINITY, 0, 2, 9, INFINITY, INFINITY, 0, 4, 3, INFINITY, 8, 0},
        d[16];
  if (floyd_warshall(4, w, d, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 4; ++i)
    printf("%g %g %g %g\n", d[4 * i], d[4 * i + 1], d[4 * i + 2], d[4 * i + 3]);
  return 0;
}
