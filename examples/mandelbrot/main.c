/* The set on a grid of 10 x 25 characters. */
#include "mandelbrot.h"
#include <stdio.h>

int main(void) {
  int32_t steps[10 * 25];
  if (mandelbrot(10, 25, 50, steps, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 25; ++j)
      putchar(steps[25 * i + j] == 50 ? '*' : '.');
    putchar('\n');
  }
  return 0;
}
