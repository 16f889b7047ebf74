/* The same five stages as edges.tx, as five loop nests over whole images. `scratch` holds 6 * h * w
 * floats. */
#ifndef PLAIN_H
#define PLAIN_H
#include <stdint.h>
void plain_edges(int64_t h, int64_t w, const uint8_t *rgb, float threshold, float *scratch,
                 uint8_t *edge);
#endif
