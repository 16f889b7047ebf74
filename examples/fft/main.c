/* Four ones and four zeros: the first half of their transform. */
#include "fft.h"
#include <stdio.h>

int main(void) {
  float re[8] = {1, 1, 1, 1, 0, 0, 0, 0}, im[8] = {0}, yre[8], yim[8];
  if (fft(4, re, im, yre, yim, NULL) != TX_OK)
    return 1;
  for (int k = 0; k < 4; ++k)
    printf("bin %d: %.3f + %.3fi\n", k, yre[k], yim[k]);
  return 0;
}
