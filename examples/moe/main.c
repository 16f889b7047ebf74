/* Two tokens, three experts that scale by 1, 10 and 100. */
#include "moe.h"
#include <stdio.h>

int main(void) {
  const float x[2][1] = {{1}, {-1}}, gate[1][3] = {{0, 50, 50}},
              w[3][1][1] = {{{1}}, {{10}}, {{100}}};
  float y[2][1];
  int64_t expert[2][2];
  if (moe(2, 1, 3, 1, &x[0][0], &gate[0][0], &w[0][0][0], &y[0][0], &expert[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    printf("experts %lld and %lld give %g\n", (long long)expert[i][0], (long long)expert[i][1],
           y[i][0]);
  return 0;
}
