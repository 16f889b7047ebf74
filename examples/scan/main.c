/* The places where rows of 3, 0 and 2 elements begin; then sums that start anew at each flag. */
#include "scan.h"
#include <stdio.h>

int main(void) {
  int64_t count[3] = {3, 0, 2}, row[4];
  uint8_t flag[6] = {0, 0, 1, 0, 0, 1};
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6];
  if (offsets(3, count, row, NULL) != TX_OK || segment_sums(6, flag, x, y, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 4; ++i)
    printf("%d ", (int)row[i]);
  printf("\n");
  for (int i = 0; i < 6; ++i)
    printf("%g ", y[i]);
  printf("\n");
  return 0;
}
