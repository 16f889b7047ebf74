/* z = a * x + y for four numbers. */
#include "saxpy.h"
#include <stdio.h>

int main(void) {
  float x[4] = {1, 2, 3, 4}, y[4] = {10, 20, 30, 40}, z[4];
  if (saxpy(4, 0.5f, x, y, z, NULL) != TX_OK)
    return 1;
  printf("%g %g %g %g\n", z[0], z[1], z[2], z[3]);
  return 0;
}
