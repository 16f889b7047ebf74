/* The variance of three numbers near a million: E[x^2] - E[x]^2 in f32 would be far off. */
#include "welford.h"
#include <stdio.h>

int main(void) {
  float x[3] = {1000000, 1000001, 1000002}, mean, variance;
  if (welford(1, 3, x, &mean, &variance, NULL) != TX_OK)
    return 1;
  printf("mean %.0f, variance %.4f\n", mean, variance);
  return 0;
}
