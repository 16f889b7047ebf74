/* The factors of a 3 x 3 matrix, and a system that they solve. */
#include "lu.h"
#include <stdio.h>

int main(void) {
  float a[9] = {4, 2, 2, 2, 5, 3, 2, 3, 6}, b[3] = {14, 21, 26}, x[3];
  if (lu(3, a, NULL) != TX_OK || lu_solve(3, a, b, x, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 3; ++i)
    printf("%g %g %g\n", a[3 * i], a[3 * i + 1], a[3 * i + 2]);
  printf("x = %g %g %g\n", x[0], x[1], x[2]);
  return 0;
}
