/* Six nodes: 0 to 1 and 2, both to 3, 3 to 4; nothing leads to 5. */
#include "bfs.h"
#include <stdio.h>

int main(void) {
  int64_t row[7] = {0, 2, 3, 4, 5, 5, 6}, distance[6], parent[6];
  int32_t to[6] = {1, 2, 3, 3, 4, 0};
  if (bfs(6, 6, row, to, 0, distance, parent, NULL) != TX_OK)
    return 1;
  for (int i = 0; i < 6; ++i)
    printf("%d: %d from %d\n", i, (int)distance[i], (int)parent[i]);
  return 0;
}
