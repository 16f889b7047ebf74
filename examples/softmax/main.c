/* The softmax of two rows, and what an entry error looks like. */
#include "softmax.h"
#include <stdio.h>

int main(void) {
  float x[2][3] = {{0, 1, 2}, {-1000, 0, -1000}}, y[2][3];
  if (softmax(2, 3, &x[0][0], &y[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 2; ++i)
    printf("%.4f %.4f %.4f\n", y[i][0], y[i][1], y[i][2]);

  char text[128];
  tx_call call = {sizeof(tx_call), TEXPR_ABI_1, TX_CPU, 0, NULL, NULL, 0, NULL, NULL, NULL, text,
                  sizeof text};
  tx_status status = softmax(-1, 3, &x[0][0], &y[0][0], &call);
  printf("with m = -1: status %d, \"%s\"\n", (int)status, text);
  return status == TX_ERR_ARGUMENT ? 0 : 1;
}
