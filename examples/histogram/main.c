/* Counts of the levels of an image, and values by bin. */
#include "histogram.h"
#include <stdio.h>

int main(void) {
  const uint8_t image[2][3][1] = {{{7}, {7}, {255}}, {{0}, {7}, {255}}};
  int32_t count[1][256];
  if (histogram(2, 3, 1, &image[0][0][0], &count[0][0], NULL) != TX_OK)
    return 1;
  printf("0: %d, 7: %d, 255: %d\n", count[0][0], count[0][7], count[0][255]);
  const float x[5] = {0.1f, 0.6f, 0.7f, 9, -3}, weight[5] = {1, 2, 4, 8, 16};
  float total[2];
  int64_t number[2];
  if (binned(5, x, weight, 0, 0.5f, 2, total, number, NULL) != TX_OK)
    return 1;
  for (int b = 0; b < 2; ++b)
    printf("bin %d: %g in %lld\n", b, total[b], (long long)number[b]);
  return 0;
}
