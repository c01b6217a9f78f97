// The register tile of the convolution, compiled once per level: MPK_TILE_ROWS channels x up to MPK_TILE_VECTORS
// vectors of pixels stay in registers over the whole depth of the chunk.
#include <math.h>
#include "conv_internal.h"

MPK_INLINE void tile_rows(const mpk_tile_job *job, int32_t first_row, const int vectors) {
    mpk_v sum[MPK_TILE_ROWS][MPK_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int row = 0; row < MPK_TILE_ROWS; row++) {
        const mpk_v bias = mpk_splat(job->bias ? job->bias[first_row + row] : 0);
        const float *initial = job->initial ? job->initial + (first_row + row) * job->initial_stride : 0;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            sum[row][v] = initial ? mpk_load(initial + v * MPK_LANES) + bias : bias;
        }
    }
    const float *weights = job->weights + first_row;
    const float *columns = job->columns;
    for (int64_t k = 0; k < job->depth; k++) {
        // Keeps loads of the next steps from being moved up here: with 16 registers in all they would be spilled.
        __asm__ volatile("" ::: "memory");
        mpk_v column[MPK_TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) column[v] = mpk_load(columns + v * MPK_LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < MPK_TILE_ROWS; row++) {
            const mpk_v weight = mpk_splat(weights[row]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[row][v] = mpk_fma(weight, column[v], sum[row][v]);
        }
        weights += MPK_PANEL_HEIGHT;
        columns += vectors * MPK_LANES;
    }
    const mpk_v lower = mpk_splat(job->lower), upper = mpk_splat(job->upper);
#pragma clang loop unroll(full)
    for (int row = 0; row < MPK_TILE_ROWS; row++) {
        float *output = job->output + (first_row + row) * job->output_stride;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            mpk_store(output + v * MPK_LANES, mpk_min(upper, mpk_max(lower, sum[row][v])));
        }
    }
}

static MPK_TARGET void run_tile_job(const mpk_tile_job *job, int32_t vectors) {
    for (int32_t row = 0; row < MPK_PANEL_HEIGHT; row += MPK_TILE_ROWS) {
        switch (vectors) {
        case 1: tile_rows(job, row, 1); break;
        case 2: tile_rows(job, row, 2); break;
#if MPK_TILE_VECTORS > 2
        default: tile_rows(job, row, 3); break;
#endif
        }
    }
}
