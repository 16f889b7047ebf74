/* The two points nearest to each query. */
#include "knn.h"
#include <stdio.h>

int main(void) {
  const float query[2][2] = {{0, 0}, {4, 4}}, point[3][2] = {{1, 1}, {5, 4}, {0, 2}};
  int64_t place[2][2];
  float distance[2][2];
  if (nearest(2, 2, 3, &query[0][0], &point[0][0], 2, &place[0][0], &distance[0][0], NULL) != TX_OK)
    return 1;
  for (int q = 0; q < 2; ++q)
    for (int s = 0; s < 2; ++s)
      printf("query %d: point %lld at %g\n", q, (long long)place[q][s], distance[q][s]);
  return 0;
}
