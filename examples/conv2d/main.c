/* A 3 x 3 box filter over a 4 x 4 image, padding 1, stride 2. The dims oh and ow follow from the
   others, so the caller does not pass them. */
#include "conv2d.h"
#include <stdio.h>

int main(void) {
  float x[16], k[9], y[4];
  for (int i = 0; i < 16; ++i)
    x[i] = (float)i;
  for (int i = 0; i < 9; ++i)
    k[i] = 1;
  int64_t b = 1, c = 1, h = 4, w = 4, o = 1, r = 3, s = 3, stride = 2, pad = 1;
  if (conv2d(b, c, h, w, o, r, s, x, k, stride, pad, y, NULL) != TX_OK)
    return 1;
  printf("%g %g\n%g %g\n", y[0], y[1], y[2], y[3]);
  stride = 0; /* breaks the `where` */
  return conv2d(b, c, h, w, o, r, s, x, k, stride, pad, y, NULL) == TX_ERR_CONTRACT ? 0 : 1;
}
