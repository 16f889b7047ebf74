/* One unit, three steps. */
#include "lstm.h"
#include <stdio.h>

int main(void) {
  float x[3] = {1, 2, 3}, w[4] = {0.5f, 0.5f, 0.25f, 0.5f}, u[4] = {0.5f, 0.25f, 0.5f, 0.25f},
        b[4] = {0};
  float y[3], cell[1];
  if (lstm(3, 1, 1, x, w, u, b, y, cell, NULL) != TX_OK)
    return 1;
  printf("%.4f %.4f %.4f\ncell %.4f\n", y[0], y[1], y[2], cell[0]);
  return 0;
}
