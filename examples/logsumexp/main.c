/* log(sum(exp(x))) of a row whose exponentials overflow on their own, and of a row of -inf. */
#include "logsumexp.h"
#include <math.h>
#include <stdio.h>

int main(void) {
  float x[2][2] = {{1000, 1000}, {-INFINITY, -INFINITY}}, y[2];
  if (logsumexp(2, 2, &x[0][0], y, NULL) != TX_OK)
    return 1;
  printf("%.4f %.4f\n", y[0], y[1]);
  return 0;
}
