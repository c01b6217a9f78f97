// The register tile of the convolution, compiled once per level: MPK_TILE_ROWS channels x up to MPK_TILE_VECTORS
// vectors of pixels stay in registers over the whole depth of the chunk.
#include <math.h>
#include "conv_internal.h"

MPK_INLINE void tile_rows(const mpk_tile_job *job, int32_t first_row, const int vectors) {
    mpk_v sum[MPK_TILE_ROWS][MPK_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int row = 0; row < MPK_TILE_ROWS; row++) {
        const mpk_v bias = mpk_splat(job->bias ? job->bias[first_row + row] : 0);
        const float *partial = job->partial ? job->partial + (first_row + row) * job->partial_stride : 0;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[row][v] = partial ? mpk_load(partial + v * MPK_LANES) : bias;
    }
    const float *weights = job->weights + first_row;
    const float *columns = job->columns;
    for (int64_t run = 0; run < job->runs; run++) {
        for (int64_t k = 0; k < job->run_depth; k++) {
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
        weights += job->skipped_depth * MPK_PANEL_HEIGHT;
        columns += job->skipped_depth * vectors * MPK_LANES;
    }
    const mpk_v lower = mpk_splat(job->lower), upper = mpk_splat(job->upper);
#pragma clang loop unroll(full)
    for (int row = 0; row < MPK_TILE_ROWS; row++) {
        float *output = job->output + (first_row + row) * job->output_stride;
        const float *residual = job->residual ? job->residual + (first_row + row) * job->residual_stride : 0;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            sum[row][v] += mpk_splat(0);  // -0 becomes +0
            if (residual) sum[row][v] += mpk_load(residual + v * MPK_LANES);
            mpk_store(output + v * MPK_LANES, mpk_min(upper, mpk_max(lower, sum[row][v])));
        }
    }
}

#if MPK_LANES == 16
// The last pixels of a map are often few (7 x 7 is 48 + 1): with the 8 channels in the lanes, up to 8 pixels take half
// the time of a vector of 16. An element's chain of multiply-adds is the same.
MPK_INLINE void tile_few_pixels(const mpk_tile_job *job) {
    typedef float channels __attribute__((ext_vector_type(8)));
    enum { pixels = 8 };
    channels sum[pixels], bias = 0;
    if (job->bias) __builtin_memcpy(&bias, job->bias, sizeof bias);
    for (int i = 0; i < pixels; i++) {
        sum[i] = bias;
        for (int row = 0; job->partial && row < 8; row++) sum[i][row] = job->partial[row * job->partial_stride + i];
    }
    const float *weights = job->weights, *columns = job->columns;
    for (int64_t run = 0; run < job->runs; run++) {
        for (int64_t k = 0; k < job->run_depth; k++) {
            channels weight;
            __builtin_memcpy(&weight, weights, sizeof weight);
#pragma clang loop unroll(full)
            for (int i = 0; i < pixels; i++) {
                sum[i] = __builtin_elementwise_fma(weight, (channels)(columns[i]), sum[i]);
            }
            weights += MPK_PANEL_HEIGHT;
            columns += MPK_LANES;
        }
        weights += job->skipped_depth * MPK_PANEL_HEIGHT;
        columns += job->skipped_depth * MPK_LANES;
    }
    const channels lower = (channels)(job->lower), upper = (channels)(job->upper);
    for (int i = 0; i < pixels; i++) {
        sum[i] += (channels)(0);  // -0 becomes +0
        for (int row = 0; job->residual && row < 8; row++) sum[i][row] += job->residual[row * job->residual_stride + i];
        channels value = lower > sum[i] ? lower : sum[i];
        value = upper < value ? upper : value;
        for (int row = 0; row < 8; row++) job->output[row * job->output_stride + i] = value[row];
    }
}
#endif

static MPK_TARGET void run_tile_job(const mpk_tile_job *job, int32_t vectors) {
#if MPK_LANES == 16
    if (job->pixel_count <= 8) {
        tile_few_pixels(job);
        return;
    }
#endif
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
