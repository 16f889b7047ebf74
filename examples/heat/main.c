/* A hot point spreads over a 5 x 5 plate; the sum stays, since the edges are insulated. */
#include "heat.h"
#include <stdio.h>

int main(void) {
  float start[25] = {0}, end[25], sum = 0;
  start[12] = 100;
  if (heat(5, 5, start, 0.2f, 3, end, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 5; ++i)
    printf("%6.2f %6.2f %6.2f %6.2f %6.2f\n", end[5 * i], end[5 * i + 1], end[5 * i + 2],
           end[5 * i + 3], end[5 * i + 4]);
  for (int i = 0; i < 25; ++i)
    sum += end[i];
  printf("sum %.2f\n", sum);
  return 0;
}
