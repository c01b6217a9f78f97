// The table of level-specific element-wise loops.
#ifndef MPK_ELEMENTWISE_INTERNAL_H
#define MPK_ELEMENTWISE_INTERNAL_H

#include <stdint.h>
#include "mpk_elementwise.h"

typedef struct {
    void (*unary)(int32_t operation, float alpha, float beta, const float *input, float *output, int64_t n);
    /// An operand whose step is 0 is one scalar; at most one of them is.
    void (*binary)(int32_t operation, const float *left, int32_t left_step, const float *right, int32_t right_step,
                   float *output, int64_t n);
    void (*scale_shift)(const float *x, const float *scale, const float *shift, float *y, int64_t channels,
                        int64_t pixels, int64_t first_plane, int64_t plane_count);
} mpk_elementwise_table;

extern const mpk_elementwise_table mpk_elementwise_table_portable;
#if defined(__x86_64__)
extern const mpk_elementwise_table mpk_elementwise_table_avx2;
extern const mpk_elementwise_table mpk_elementwise_table_avx512;
#endif

#endif
