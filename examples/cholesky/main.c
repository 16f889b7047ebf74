/* The factor of a 3 x 3 matrix. */
#include "cholesky.h"
#include <stdio.h>

int main(void) {
  float A[9] = {4, 2, 2, 2, 5, 3, 2, 3, 6}, L[9];
  if (cholesky(3, A, L, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 3; ++i)
    printf("%g %g %g\n", L[3 * i], L[3 * i + 1], L[3 * i + 2]);
  return 0;
}
