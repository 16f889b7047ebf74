/* Three rows of 2, 0 and 3 numbers. */
#include "ragged_softmax.h"
#include <stdio.h>

int main(void) {
  int64_t first[4] = {0, 2, 2, 5};
  float x[5] = {0, 0, 1, 1, 1}, y[5];
  if (ragged_softmax(3, 5, first, x, y, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 3; ++i) {
    for (int64_t p = first[i]; p < first[i + 1]; ++p)
      printf("%.3f ", y[p]);
    printf("\n");
  }
  return 0;
}
