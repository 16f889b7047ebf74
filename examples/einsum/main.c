/* Scores of two queries against three keys: one batch, one head. */
#include "einsum.h"
#include <stdio.h>

int main(void) {
  float q[2][2] = {{1, 0}, {0, 1}}, k[3][2] = {{1, 2}, {3, 4}, {5, 6}}, y[2][3];
  int64_t b = 1, s = 2, h = 1, d = 2, t = 3; /* dims by first appearance */
  if (scores(b, s, h, d, t, &q[0][0], &k[0][0], &y[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    printf("%g %g %g\n", y[i][0], y[i][1], y[i][2]);
  return 0;
}
