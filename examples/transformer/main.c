/* With weights of zero a layer changes nothing. */
#include "transformer.h"
#include <stdio.h>

int main(void) {
  float x[4] = {1, 2, 3, 4}, gamma[4] = {1, 1, 1, 1}, w[4] = {0}, zero[2] = {0}, y[4];
  if (transformer(2, 2, 2, x, gamma, w, w, w, zero, w, zero, w, y, NULL) != TX_OK)
    return 1;
  printf("%.3f %.3f\n%.3f %.3f\n", y[0], y[1], y[2], y[3]);
  return 0;
}
