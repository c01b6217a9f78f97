// The table of level-specific soft maxima and norms.
#ifndef MPK_NORMALIZATION_INTERNAL_H
#define MPK_NORMALIZATION_INTERNAL_H

#include "mpk_normalization.h"

typedef struct {
    void (*softmax)(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count);
    void (*log_softmax)(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count);
    void (*layer_norm)(const float *x, const float *scale, const float *bias, float epsilon, float *y,
                       int64_t columns, int64_t first_row, int64_t row_count);
    void (*rms_norm)(const float *x, const float *scale, float epsilon, float *y, int64_t columns, int64_t first_row,
                     int64_t row_count);
    void (*lrn)(const float *x, float *y, int64_t channels, int64_t pixels, int64_t size, float alpha, float beta,
                float bias, int64_t first_plane, int64_t plane_count);
} mpk_normalization_table;

extern const mpk_normalization_table mpk_normalization_table_portable;
#if defined(__x86_64__)
extern const mpk_normalization_table mpk_normalization_table_avx2;
extern const mpk_normalization_table mpk_normalization_table_avx512;
#endif

#endif
