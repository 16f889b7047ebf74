/* Two rows by warps; what is positive of a list. */
#include "warp_softmax.h"
#include <stdio.h>

int main(void) {
  const float x[2][3] = {{0, 0, 0}, {1, 1, -1e30f}};
  float y[2][3];
  if (warp_softmax(2, 3, &x[0][0], &y[0][0], NULL) != TX_OK)
    return 1;
  printf("%.3f %.3f %.3f\n%.3f %.3f %.3f\n", y[0][0], y[0][1], y[0][2], y[1][0], y[1][1], y[1][2]);
  const int32_t list[5] = {3, -1, 4, 0, 5};
  int32_t kept[5];
  int64_t count;
  if (positive(5, list, kept, &count, NULL) != TX_OK)
    return 1;
  printf("%lld: %d %d %d\n", (long long)count, kept[0], kept[1], kept[2]);
  return 0;
}
