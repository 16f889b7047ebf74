/* The largest value of each row and its first place. */
#include "argmax.h"
#include <stdio.h>

int main(void) {
  float x[2][4] = {{3, 7, 7, 1}, {-5, -4, -6, -4}}, value[2];
  int64_t place[2];
  if (row_argmax(2, 4, &x[0][0], value, place, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    printf("%g at %lld\n", value[i], (long long)place[i]);
  return 0;
}
