/* A 32 x 64 matrix, transposed; and a shape that breaks the function's `where`. */
#include "transpose.h"
#include <stdio.h>

int main(void) {
  static float x[32 * 64], y[64 * 32];
  for (int i = 0; i < 32 * 64; ++i)
    x[i] = (float)i;
  if (transpose(32, 64, x, y, NULL) != TX_OK)
    return 1;
  printf("y[0][1] = %g, y[1][0] = %g\n", y[1], y[32]);
  return transpose(32, 63, x, y, NULL) == TX_ERR_CONTRACT ? 0 : 1;
}
