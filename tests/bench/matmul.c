/* The triple loop in both orders: as the formula reads, and with the rows of b innermost, which vectorizes. */
#include <stddef.h>
#include <string.h>

void matmul_ijk(size_t n, const float *restrict a, const float *restrict b, float *restrict c) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      float sum = 0;
      for (size_t k = 0; k < n; ++k)
        sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
}

void matmul_ikj(size_t n, const float *restrict a, const float *restrict b, float *restrict c) {
  memset(c, 0, n * n * sizeof *c);
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k)
      for (size_t j = 0; j < n; ++j)
        c[i * n + j] += a[i * n + k] * b[k * n + j];
}
