/* A = 0, C = 1, G = 2, U = 3: what pairs adds up to 3. */
#include "nussinov.h"
#include <stdio.h>

int main(void) {
  uint8_t base[9] = {2, 2, 2, 0, 0, 0, 3, 1, 1};
  int32_t best[81];
  if (nussinov(9, base, 3, best, NULL) != TX_OK)
    return 1;
  printf("%d pairs\n", best[8]);
  return 0;
}
