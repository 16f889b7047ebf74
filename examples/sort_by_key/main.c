/* Rows by group, then by score from the largest. */
#include "sort_by_key.h"
#include <stdio.h>

int main(void) {
  const int32_t group[4] = {2, 1, 2, 1};
  const float score[4] = {0.5f, 3, 7, 3}, row[4][2] = {{0, 0.5f}, {1, 1.5f}, {2, 2.5f}, {3, 3.5f}};
  float sorted[4][2];
  int64_t rank[4];
  if (sort_rows(4, 2, group, score, &row[0][0], &sorted[0][0], rank, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 4; ++i)
    printf("%g %g   row %d went to %lld\n", sorted[i][0], sorted[i][1], i, (long long)rank[i]);
  return 0;
}
