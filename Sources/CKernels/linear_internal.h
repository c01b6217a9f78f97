// What the files of the matrix product share.
#ifndef MPK_LINEAR_INTERNAL_H
#define MPK_LINEAR_INTERNAL_H

#include <stdint.h>
#include "mpk_linear.h"

/// Output features per panel, at every level: two vectors of 16, two cache lines.
enum { MPK_LINEAR_WIDTH = 32 };
/// Depth that is worked on at a time: 48 KiB of weights per panel, which the second-level cache feeds while inputs stay in the first.
enum { MPK_LINEAR_CHUNK = 384 };
/// Most rows of one register tile at any level.
enum { MPK_LINEAR_MAX_ROWS = 12 };

/// output[rows][32] = clip(partial[rows][32] + input[depth][rows]^T x weights[depth][32] + bias[32] + residual[rows][32])
typedef struct {
    int64_t depth;
    const float *input;      // [depth][rows]
    const float *weights;    // [depth][MPK_LINEAR_WIDTH]
    const float *partial;    // [rows][output_stride] or null for the first depth
    const float *bias;       // [MPK_LINEAR_WIDTH] or null for zero; only for the last depth
    const float *residual;   // [rows][output_stride] or null for zero; only for the last depth
    float *output;           // [rows][output_stride]
    int64_t output_stride;   // of partial sums and residual too
    float lower, upper;
} mpk_linear_job;

typedef struct {
    int32_t most_rows;  // of one tile
    void (*tile)(const mpk_linear_job *job, int32_t rows);
} mpk_linear_table;

/// That of the level in force.
const mpk_linear_table *mpk_linear_table_in_force(void);

extern const mpk_linear_table mpk_linear_table_portable;
#if defined(__x86_64__)
extern const mpk_linear_table mpk_linear_table_avx2;
extern const mpk_linear_table mpk_linear_table_avx512;
#endif

#endif
