/* Prices of a call and a put one year out. */
#include "black_scholes.h"
#include <stdio.h>

int main(void) {
  float spot = 100, strike = 105, years = 1, call_price, put_price;
  if (black_scholes(1, &spot, &strike, &years, 0.05f, 0.2f, &call_price, &put_price, NULL) != TX_OK)
    return 1;
  printf("call %.4f, put %.4f\n", call_price, put_price);
  return 0;
}
