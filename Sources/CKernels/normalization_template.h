// Soft maxima and norms, compiled once per level.
#include <math.h>
#include "normalization_internal.h"
#include "reduction_template.h"

// y[i] = expression for the columns of a row; `value` names x's vector, `at` its column, `lanes` how many count.
#define MPK_MAP_ROW(x, y, n, expression)                                                                              \
    do {                                                                                                              \
        int64_t at = 0;                                                                                               \
        for (; at + MPK_LANES <= (n); at += MPK_LANES) {                                                              \
            const int32_t lanes = MPK_LANES;                                                                          \
            const mpk_v value = mpk_load_first((x) + at, lanes);                                                      \
            mpk_store((y) + at, (expression));                                                                        \
        }                                                                                                             \
        if (at < (n)) {                                                                                               \
            const int32_t lanes = (int32_t)((n) - at);                                                                \
            const mpk_v value = mpk_load_first((x) + at, lanes);                                                      \
            mpk_store_first((y) + at, lanes, (expression));                                                           \
        }                                                                                                             \
    } while (0)

// exp(x), left behind in y too.
MPK_INLINE mpk_v exp_into(float *y, int32_t lanes, mpk_v x) {
    const mpk_v result = mpk_exp(x);
    mpk_store_first(y, lanes, result);
    return result;
}

static MPK_TARGET void run_softmax(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count) {
    for (int64_t row = first_row; row < first_row + row_count; row++) {
        const float *from = x + row * columns;
        float *to = y + row * columns;
        const mpk_v largest = mpk_splat(mpk_row_max(from, columns));
        MPK_ROW_SUM(sum, from, columns, exp_into(to + i + v * MPK_LANES, lanes, value - largest));
        const mpk_v factor = mpk_splat(1.0f / sum);
        MPK_MAP_ROW(to, to, columns, value * factor);
    }
}

static MPK_TARGET void run_log_softmax(const float *x, float *y, int64_t columns, int64_t first_row,
                                       int64_t row_count) {
    for (int64_t row = first_row; row < first_row + row_count; row++) {
        const float *from = x + row * columns;
        const mpk_v largest = mpk_splat(mpk_row_max(from, columns));
        MPK_ROW_SUM(sum, from, columns, mpk_exp(value - largest));
        const mpk_v log_sum = mpk_log(mpk_splat(sum));
        MPK_MAP_ROW(from, y + row * columns, columns, value - largest - log_sum);
    }
}

static MPK_TARGET void run_layer_norm(const float *x, const float *scale, const float *bias, float epsilon, float *y,
                                      int64_t columns, int64_t first_row, int64_t row_count) {
    for (int64_t row = first_row; row < first_row + row_count; row++) {
        const float *from = x + row * columns;
        MPK_ROW_SUM(sum, from, columns, value);
        const mpk_v mean = mpk_splat(sum / (float)columns);
        MPK_ROW_SUM(squares, from, columns, (value - mean) * (value - mean));
        const mpk_v factor = 1.0f / __builtin_elementwise_sqrt(mpk_splat(squares / (float)columns + epsilon));
        MPK_MAP_ROW(from, y + row * columns, columns,
                    mpk_fma((value - mean) * factor,
                            scale ? mpk_load_first(scale + at, lanes) : mpk_splat(1),
                            bias ? mpk_load_first(bias + at, lanes) : mpk_splat(0)));
    }
}

static MPK_TARGET void run_rms_norm(const float *x, const float *scale, float epsilon, float *y, int64_t columns,
                                    int64_t first_row, int64_t row_count) {
    for (int64_t row = first_row; row < first_row + row_count; row++) {
        const float *from = x + row * columns;
        MPK_ROW_SUM(squares, from, columns, value * value);
        const mpk_v factor = 1.0f / __builtin_elementwise_sqrt(mpk_splat(squares / (float)columns + epsilon));
        MPK_MAP_ROW(from, y + row * columns, columns,
                    value * factor * (scale ? mpk_load_first(scale + at, lanes) : mpk_splat(1)));
    }
}

// x^-beta for positive x; 3/4 and 1/2 are what networks use.
MPK_INLINE mpk_v inverse_power(mpk_v x, float beta) {
    const mpk_v root = __builtin_elementwise_sqrt(x);
    if (beta == 0.75f) return 1.0f / (root * __builtin_elementwise_sqrt(root));
    if (beta == 0.5f) return 1.0f / root;
    if (beta == 1.0f) return 1.0f / x;
    return mpk_exp(-beta * mpk_log(x));
}

static MPK_TARGET void run_lrn(const float *x, float *y, int64_t channels, int64_t pixels, int64_t size, float alpha,
                               float beta, float bias, int64_t first_plane, int64_t plane_count) {
    const mpk_v factor = mpk_splat(alpha / (float)size), base = mpk_splat(bias);
    for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
        const int64_t channel = plane % channels;
        const int64_t before = (size - 1) / 2 < channel ? (size - 1) / 2 : channel;
        const int64_t after = size / 2 < channels - 1 - channel ? size / 2 : channels - 1 - channel;
        const float *from = x + plane * pixels;
        MPK_MAP_ROW(from, y + plane * pixels, pixels, ({
                        mpk_v squares = mpk_splat(0);
                        for (int64_t c = -before; c <= after; c++) {
                            const mpk_v neighbour = mpk_load_first(from + c * pixels + at, lanes);
                            squares = mpk_fma(neighbour, neighbour, squares);
                        }
                        value * inverse_power(mpk_fma(factor, squares, base), beta);
                    }));
    }
}
#undef MPK_MAP_ROW
