/* One head, three places: the first row of the result is the first value, since it sees nothing
 * else. */
#include "attention.h"
#include <stdio.h>

int main(void) {
  float q[3][2] = {{1, 0}, {0, 1}, {1, 1}}, k[3][2] = {{1, 0}, {0, 1}, {1, 1}},
        v[3][2] = {{1, 2}, {3, 4}, {5, 6}}, o[3][2];
  if (attention(1, 3, 2, &q[0][0], &k[0][0], &v[0][0], 0.7071f, &o[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 3; ++i)
    printf("%.4f %.4f\n", o[i][0], o[i][1]);
  return 0;
}
