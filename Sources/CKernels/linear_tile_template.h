// The register tile of the matrix product, compiled once per level: a few rows x a slice of the 32 features of a panel.
#include "linear_internal.h"

MPK_INLINE void linear_slice(const mpk_linear_job *job, int32_t feature, const int rows, const int vectors) {
    mpk_v sum[MPK_LINEAR_ROWS][MPK_LINEAR_WIDTH / MPK_LANES];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const int64_t at = feature + v * MPK_LANES;
            sum[row][v] = job->partial ? mpk_load(job->partial + row * job->output_stride + at) : mpk_splat(0);
        }
    }
    const float *input = job->input;
    const float *weights = job->weights + feature;
    for (int64_t k = 0; k < job->depth; k++) {
        __asm__ volatile("" ::: "memory");  // see conv_tile_template.h
        // A slice reads every other line of the panel, which the hardware does not prefetch; the other line is for the
        // next slice.
        if (feature == 0 && vectors * MPK_LANES < MPK_LINEAR_WIDTH) {
            __builtin_prefetch(weights + 32 * MPK_LINEAR_WIDTH);
            __builtin_prefetch(weights + 32 * MPK_LINEAR_WIDTH + 16);
        }
        mpk_v weight[MPK_LINEAR_WIDTH / MPK_LANES];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) weight[v] = mpk_load(weights + v * MPK_LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            const mpk_v value = mpk_splat(input[row]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[row][v] = mpk_fma(value, weight[v], sum[row][v]);
        }
        input += rows;
        weights += MPK_LINEAR_WIDTH;
    }
    const mpk_v lower = mpk_splat(job->lower), upper = mpk_splat(job->upper);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const int64_t at = feature + v * MPK_LANES;
            if (job->bias) sum[row][v] += mpk_load(job->bias + at);
            if (job->residual) sum[row][v] += mpk_load(job->residual + row * job->output_stride + at);
            mpk_store(job->output + row * job->output_stride + at,
                      mpk_min(upper, mpk_max(lower, sum[row][v])));
        }
    }
}

// MPK_LINEAR_ACCUMULATORS registers hold sums: few rows take more of the panel at a time.
MPK_INLINE void linear_panel(const mpk_linear_job *job, const int rows) {
    enum { panel_vectors = MPK_LINEAR_WIDTH / MPK_LANES };
    const int fit = MPK_LINEAR_ACCUMULATORS / rows;
    const int vectors = fit >= panel_vectors ? panel_vectors : (fit >= 4 ? 4 : 2);
    for (int32_t feature = 0; feature < MPK_LINEAR_WIDTH; feature += vectors * MPK_LANES) {
        linear_slice(job, feature, rows, vectors);
    }
}

static MPK_TARGET void run_linear_job(const mpk_linear_job *job, int32_t rows) {
    switch (rows) {
    case 1: linear_panel(job, 1); break;
    case 2: linear_panel(job, 2); break;
    case 3: linear_panel(job, 3); break;
    case 4: linear_panel(job, 4); break;
#if MPK_LINEAR_ROWS > 4
    case 5: linear_panel(job, 5); break;
    case 6: linear_panel(job, 6); break;
#endif
#if MPK_LINEAR_ROWS > 6
    case 7: linear_panel(job, 7); break;
    case 8: linear_panel(job, 8); break;
    case 9: linear_panel(job, 9); break;
    case 10: linear_panel(job, 10); break;
    case 11: linear_panel(job, 11); break;
    case 12: linear_panel(job, 12); break;
#endif
    default: break;
    }
}
