/* [1 0 2; 0 0 0] times [0 1; 3 0; 4 5]: no row of the second has more than two entries. */
#include "spgemm.h"
#include <stdio.h>

int main(void) {
  int64_t arow[3] = {0, 2, 2}, acol[2] = {0, 2}, brow[4] = {0, 1, 2, 4}, bcol[4] = {1, 0, 0, 1};
  float aval[2] = {1, 2}, bval[4] = {1, 3, 4, 5}, val[4];
  int64_t row[3], col[4], k;
  if (spgemm(2, 2, 3, 4, arow, acol, aval, brow, bcol, bval, 2, 2, row, col, val, &k, NULL) !=
      TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    for (int64_t p = row[i]; p < row[i + 1]; ++p)
      printf("[%d, %d] = %g\n", i, (int)col[p], val[p]);
  printf("%d entries\n", (int)k);
  return 0;
}
