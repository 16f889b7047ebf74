/* Finds the edges of a PNG by the compiled edges.tx and by plain C, compares the bytes, prints both
   times, and writes the picture of the edges:   edges in.png out.png [threshold]   */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include "edges.h"
#include "plain.h"
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "edges: %s: %s\n", what, detail);
  exit(1);
}

static void *allocate(size_t bytes) {
  void *block = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!block)
    fail("out of memory", "aligned_alloc");
  memset(block, 0, bytes); /* so that no first touch of a page is timed */
  return block;
}

static uint8_t *read_png(const char *path, png_image *image) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(image, path))
    fail(path, image->message);
  image->format = PNG_FORMAT_RGB;
  uint8_t *pixels = allocate(PNG_IMAGE_SIZE(*image));
  if (!png_image_finish_read(image, NULL, pixels, 0, NULL))
    fail(path, image->message);
  return pixels;
}

static void write_png(const char *path, uint32_t height, uint32_t width, const uint8_t *pixels) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.height = height;
  image.width = width;
  image.format = PNG_FORMAT_GRAY;
  if (!png_image_write_to_file(&image, path, 0, pixels, 0, NULL))
    fail(path, image.message);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void call_edges(int64_t h, int64_t w, const uint8_t *rgb, float threshold, uint8_t *edge,
                       tx_call *call) {
  if (edges(h, w, rgb, threshold, edge, call) != TX_OK)
    fail("edges", call->error_text);
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4)
    fail("usage", "edges in.png out.png [threshold]");
  float threshold = argc == 4 ? strtof(argv[3], NULL) : 60.0f;
  png_image image;
  uint8_t *rgb = read_png(argv[1], &image);
  int64_t h = image.height, w = image.width;
  size_t pixels = (size_t)(h * w);

  char text[256] = "";
  tx_call call;
  memset(&call, 0, sizeof call);
  call.size = sizeof call;
  call.abi = TEXPR_ABI_1;
  call.device = TX_CPU;
  call.error_text = text;
  call.error_text_bytes = sizeof text;
  if (edges_workspace(h, w, &call, &call.workspace_bytes) != TX_OK)
    fail("edges_workspace", text);
  call.workspace = allocate(call.workspace_bytes);

  uint8_t *ours = allocate(pixels), *both = allocate(pixels), *plain = allocate(pixels);
  float *scratch = allocate(6 * sizeof(float) * pixels);
  double best[3] = {1e30, 1e30, 1e30}; /* ours on one thread, ours on two, plain C */
  for (int round = 0; round < 60; ++round) {
    double start = milliseconds();
    call.max_workers = 1;
    call_edges(h, w, rgb, threshold, ours, &call);
    double one = milliseconds();
    call.max_workers = 2;
    call_edges(h, w, rgb, threshold, both, &call);
    double two = milliseconds();
    plain_edges(h, w, rgb, threshold, scratch, plain);
    double end = milliseconds();
    double times[3] = {one - start, two - one, end - two};
    for (int i = 0; i < 3; ++i)
      best[i] = times[i] < best[i] ? times[i] : best[i];
  }

  size_t different = 0, found = 0;
  for (size_t p = 0; p < pixels; ++p) {
    different += ours[p] != plain[p] || both[p] != plain[p];
    found += ours[p] != 0;
  }
  write_png(argv[2], image.height, image.width, ours);
  printf("%s: %lld x %lld pixels, %zu on edges, written to %s\n", argv[1], (long long)w,
         (long long)h, found, argv[2]);
  printf("workspace            %8.1f KiB\n", (double)call.workspace_bytes / 1024);
  printf("edges.tx, 1 thread   %8.3f ms\n", best[0]);
  printf("edges.tx, 2 threads  %8.3f ms\n", best[1]);
  printf("plain C, 1 thread    %8.3f ms   (%.1f times the first)\n", best[2], best[2] / best[0]);
  printf("results              %s\n", different ? "DIFFER" : "equal, byte for byte");
  free(call.workspace);
  free(rgb);
  free(ours);
  free(both);
  free(plain);
  free(scratch);
  return different != 0;
}
