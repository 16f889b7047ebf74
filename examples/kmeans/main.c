/* One step of k-means on the line. */
#include "kmeans.h"
#include <stdio.h>

int main(void) {
  const float point[5][1] = {{0}, {1}, {9}, {10}, {11}}, center[3][1] = {{2}, {8}, {100}};
  float next[3][1];
  int64_t cluster[5], count[3];
  if (kmeans_step(5, 1, 3, &point[0][0], &center[0][0], &next[0][0], cluster, count, NULL) != TX_OK)
    return 1;
  for (int c = 0; c < 3; ++c)
    printf("center %g of %lld points\n", next[c][0], (long long)count[c]);
  return 0;
}
