/* Three rows of a table; then an index outside it, which is an error and not a read. */
#include "embedding.h"
#include <stdio.h>

int main(void) {
  float table[4][2] = {{0, 1}, {10, 11}, {20, 21}, {30, 31}}, y[3][2];
  int32_t ids[3] = {2, 0, 3};
  if (embedding(4, 2, 3, &table[0][0], ids, &y[0][0], NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 3; ++i)
    printf("%g %g\n", y[i][0], y[i][1]);

  ids[1] = 4;
  tx_status status = embedding(4, 2, 3, &table[0][0], ids, &y[0][0], NULL);
  printf("with ids[1] = 4: status %d\n", (int)status);
  return status == TX_ERR_DATA ? 0 : 1;
}
