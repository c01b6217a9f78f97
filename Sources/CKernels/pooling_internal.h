// The table of level-specific pooling loops.
#ifndef MPK_POOLING_INTERNAL_H
#define MPK_POOLING_INTERNAL_H

#include "mpk_pooling.h"

typedef struct {
    void (*max)(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                int64_t plane_count);
    void (*average)(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                    int64_t plane_count);
    void (*norm1)(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                  int64_t plane_count);
    void (*norm2)(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                  int64_t plane_count);
    void (*global_average)(const float *input, float *output, int64_t pixels, int64_t first_plane,
                           int64_t plane_count);
    void (*global_max)(const float *input, float *output, int64_t pixels, int64_t first_plane, int64_t plane_count);
} mpk_pooling_table;

extern const mpk_pooling_table mpk_pooling_table_portable;
#if defined(__x86_64__)
extern const mpk_pooling_table mpk_pooling_table_avx2;
extern const mpk_pooling_table mpk_pooling_table_avx512;
#endif

#endif
