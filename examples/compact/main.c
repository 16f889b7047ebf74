/* The buffers have room for all six elements; k says how many were kept. */
#include "compact.h"
#include <stdio.h>

int main(void) {
  float x[6] = {0.5f, 3, -1, 2, 7, 0}, kept[6], mean;
  int64_t place[6], k;
  if (compact(6, x, 1.0f, kept, place, &mean, &k, NULL) != TX_OK)
    return 1;
  for (int64_t i = 0; i < k; ++i)
    printf("%g from %d\n", kept[i], (int)place[i]);
  printf("%d of 6, mean %g\n", (int)k, mean);
  return 0;
}
