/* Two heads of queries on one of keys and values: the last 2 of 3 positions. Keys of 0 weigh all positions alike, so each
   query gets the mean of the values that it sees. */
#include "grouped_attention.h"
#include <stdio.h>

int main(void) {
  float q[2][2] = {{1, 1}, {2, 2}}, k[3] = {0}, v[3] = {3, 6, 9}, y[2][2];
  if (grouped_attention(1, 2, 2, 1, 1, 3, &q[0][0], k, v, 1.0f, &y[0][0], NULL) != TX_OK)
    return 1;
  printf("%g %g\n%g %g\n", y[0][0], y[0][1], y[1][0], y[1][1]);
  return 0;
}
