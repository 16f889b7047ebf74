/* Letters of a word, the largest weight of two keys, tickets. */
#include "counts.h"
#include <stdio.h>

int main(void) {
  static int64_t count[256];
  if (counts(11, (const uint8_t *)"mississippi", count, NULL) != TX_OK)
    return 1;
  printf("i: %lld, m: %lld, p: %lld\n", (long long)count['i'], (long long)count['m'],
         (long long)count['p']);
  const int32_t key[4] = {0, 1, 0, 1}, weight[4] = {5, -2, 3, -7};
  int32_t most[2], sum[2];
  if (largest(4, key, weight, 2, most, sum, NULL) != TX_OK)
    return 1;
  printf("%d of %d, %d of %d\n", most[0], sum[0], most[1], sum[1]);
  const float x[4] = {1, -1, 2, 4};
  int64_t taken;
  float total;
  if (tickets(4, x, &taken, &total, NULL) != TX_OK)
    return 1;
  printf("%lld tickets, %g\n", (long long)taken, total);
  return 0;
}
