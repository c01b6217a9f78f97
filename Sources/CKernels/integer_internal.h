// The table of level-specific integer loops.
#ifndef MPK_INTEGER_INTERNAL_H
#define MPK_INTEGER_INTERNAL_H

#include <stdint.h>
#include "mpk_integer.h"

typedef struct {
    void (*product)(const int16_t *rows, int64_t row_count, int64_t row_length, const int16_t *panel,
                    int32_t *output);
    void (*requantize)(const int32_t *sums, const float *scales, int32_t scale_step, int32_t zero, int32_t type,
                       void *y, int64_t n);
    void (*quantize)(const float *x, const float *scales, const void *zeros, int32_t step, int32_t type, void *y,
                     int64_t n);
    void (*dequantize)(int32_t type, const void *x, const float *scales, const void *zeros, int32_t step, float *y,
                       int64_t n);
    void (*range)(const float *x, float *lowest, float *highest, int64_t n);
} mpk_integer_table;

extern const mpk_integer_table mpk_integer_table_portable;
#if defined(__x86_64__)
extern const mpk_integer_table mpk_integer_table_avx2;
extern const mpk_integer_table mpk_integer_table_avx512;
extern const mpk_integer_table mpk_integer_table_vnni;
#endif

#endif
