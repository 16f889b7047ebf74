/* What one writes by hand: a loop nest a stage, each over the whole image, with a fast path inside
   and a slow one on the border. Compile with -O3 -march=native -fno-math-errno, so that the
   compiler may vectorize the square root, and with -ffp-contract=off, so that the results are the
   same bytes as those of edges.tx. */
#include "plain.h"
#include <math.h>

static float at(const float *image, int64_t h, int64_t w, int64_t i, int64_t j, float outside) {
  return i >= 0 && i < h && j >= 0 && j < w ? image[i * w + j] : outside;
}

static void grey_stage(int64_t pixels, const uint8_t *restrict rgb, float *restrict grey) {
  for (int64_t p = 0; p < pixels; ++p)
    grey[p] = (float)((77 * rgb[3 * p] + 150 * rgb[3 * p + 1] + 29 * rgb[3 * p + 2] + 128) >> 8);
}

static const float kernel[5] = {1, 4, 6, 4, 1};

static float blur_border(const float *grey, int64_t h, int64_t w, int64_t i, int64_t j) {
  float sum = 0;
  for (int u = 0; u < 5; ++u)
    for (int v = 0; v < 5; ++v)
      sum += at(grey, h, w, i + u - 2, j + v - 2, grey[i * w + j]) * (kernel[u] * kernel[v]);
  return sum / 256;
}

static void blur_stage(int64_t h, int64_t w, const float *restrict grey, float *restrict blur) {
  for (int64_t i = 0; i < h; ++i) {
    int64_t first = i >= 2 && i < h - 2 && w > 4 ? 2 : w, last = first == 2 ? w - 2 : w;
    for (int64_t j = 0; j < first; ++j)
      blur[i * w + j] = blur_border(grey, h, w, i, j);
    for (int64_t j = first; j < last; ++j) {
      float sum = 0;
      for (int u = 0; u < 5; ++u) {
        const float *row = grey + (i + u - 2) * w + j;
        sum += (row[-2] + row[2] + 4 * (row[-1] + row[1]) + 6 * row[0]) * kernel[u];
      }
      blur[i * w + j] = sum / 256;
    }
    for (int64_t j = last; j < w; ++j)
      blur[i * w + j] = blur_border(grey, h, w, i, j);
  }
}

static void sobel_border(const float *blur, int64_t h, int64_t w, int64_t i, int64_t j, float *s,
                         float *gx, float *gy) {
  float c = blur[i * w + j];
  float nw = at(blur, h, w, i - 1, j - 1, c), n = at(blur, h, w, i - 1, j, c),
        ne = at(blur, h, w, i - 1, j + 1, c);
  float sw = at(blur, h, w, i + 1, j - 1, c), so = at(blur, h, w, i + 1, j, c),
        se = at(blur, h, w, i + 1, j + 1, c);
  float x = (ne - nw) + 2 * (at(blur, h, w, i, j + 1, c) - at(blur, h, w, i, j - 1, c)) + (se - sw);
  float y = (sw - nw) + 2 * (so - n) + (se - ne);
  s[i * w + j] = sqrtf(x * x + y * y);
  gx[i * w + j] = x;
  gy[i * w + j] = y;
}

static void sobel_stage(int64_t h, int64_t w, const float *restrict blur, float *restrict s,
                        float *restrict gx, float *restrict gy) {
  for (int64_t i = 0; i < h; ++i) {
    int64_t first = i >= 1 && i < h - 1 && w > 2 ? 1 : w, last = first == 1 ? w - 1 : w;
    for (int64_t j = 0; j < first; ++j)
      sobel_border(blur, h, w, i, j, s, gx, gy);
    for (int64_t j = first; j < last; ++j) {
      const float *up = blur + (i - 1) * w + j, *row = blur + i * w + j,
                  *down = blur + (i + 1) * w + j;
      float x = (up[1] - up[-1]) + 2 * (row[1] - row[-1]) + (down[1] - down[-1]);
      float y = (down[-1] - up[-1]) + 2 * (down[0] - up[0]) + (down[1] - up[1]);
      s[i * w + j] = sqrtf(x * x + y * y);
      gx[i * w + j] = x;
      gy[i * w + j] = y;
    }
    for (int64_t j = last; j < w; ++j)
      sobel_border(blur, h, w, i, j, s, gx, gy);
  }
}

static void thin_stage(int64_t h, int64_t w, const float *restrict s, const float *restrict gx,
                       const float *restrict gy, float *restrict thin) {
  for (int64_t i = 0; i < h; ++i)
    for (int64_t j = 0; j < w; ++j) {
      float x = gx[i * w + j], y = gy[i * w + j], c = s[i * w + j];
      int di, dj; /* towards the neighbour before; the one after is opposite */
      if (fabsf(y) <= fabsf(x) * 0.41421356f) {
        di = 0, dj = -1;
      } else if (fabsf(x) <= fabsf(y) * 0.41421356f) {
        di = -1, dj = 0;
      } else if (x * y > 0) {
        di = -1, dj = -1;
      } else {
        di = -1, dj = 1;
      }
      float before = at(s, h, w, i + di, j + dj, 0), after = at(s, h, w, i - di, j - dj, 0);
      thin[i * w + j] = c > before && c >= after ? c : 0;
    }
}

static void threshold_stage(int64_t pixels, const float *restrict thin, float threshold,
                            uint8_t *restrict edge) {
  for (int64_t p = 0; p < pixels; ++p)
    edge[p] = thin[p] >= threshold ? 255 : 0;
}

void plain_edges(int64_t h, int64_t w, const uint8_t *rgb, float threshold, float *scratch,
                 uint8_t *edge) {
  int64_t n = h * w;
  float *grey = scratch, *blur = grey + n, *s = blur + n, *gx = s + n, *gy = gx + n, *thin = gy + n;
  grey_stage(n, rgb, grey);
  blur_stage(h, w, grey, blur);
  sobel_stage(h, w, blur, s, gx, gy);
  thin_stage(h, w, s, gx, gy, thin);
  threshold_stage(n, thin, threshold, edge);
}
