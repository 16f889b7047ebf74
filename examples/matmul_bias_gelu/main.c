/* A 2 x 3 by 3 x 2 product with bias and GELU. */
#include "matmul_bias_gelu.h"
#include <stdio.h>

int main(void) {
  float x[2][3] = {{1, 0, -0.5f}, {2, 1, 0}}, w[3][2] = {{1, 2}, {3, 4}, {5, 6}},
        b[2] = {0.5f, -0.5f}, y[2][2];
  if (matmul_bias_gelu(2, 3, 2, &x[0][0], &w[0][0], b, &y[0][0], NULL) != TX_OK)
    return 1;
  printf("%.4f %.4f\n%.4f %.4f\n", y[0][0], y[0][1], y[1][0], y[1][1]);
  return 0;
}
