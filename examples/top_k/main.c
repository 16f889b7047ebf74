/* The two largest of each row. */
#include "top_k.h"
#include <stdio.h>

int main(void) {
  const float x[2][4] = {{3, 7, 7, 1}, {-5, -4, -6, -4.5f}};
  float value[2][2];
  int64_t place[2][2];
  if (top_k(2, 4, &x[0][0], 2, &value[0][0], &place[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    printf("%g at %lld, %g at %lld\n", value[i][0], (long long)place[i][0], value[i][1],
           (long long)place[i][1]);
  return 0;
}
