/* Two short sequences. */
#include "smith_waterman.h"
#include <stdio.h>

int main(void) {
  const char *a = "TGTTACGG", *b = "GGTTGACTA";
  int32_t best, score[9 * 10];
  if (smith_waterman(8, 9, (const uint8_t *)a, (const uint8_t *)b, 3, -3, 2, &best, score, NULL) !=
      TX_OK)
    return 1;
  printf("best %d\n", best);
  return 0;
}
