// The loops of mpk_binary and mpk_scale_shift_channels, compiled once per level.
#include <math.h>
#include "elementwise_internal.h"

// A NaN in either operand gives NaN.
MPK_INLINE mpk_v maximum_or_nan(mpk_v a, mpk_v b) {
    const mpk_v larger = a > b ? a : b;
    return a == a ? larger : a;
}

MPK_INLINE mpk_v minimum_or_nan(mpk_v a, mpk_v b) {
    const mpk_v smaller = a < b ? a : b;
    return a == a ? smaller : a;
}

// Element by element, except for the exponents that networks write as a power. `exponent` is 0 where they vary.
MPK_INLINE mpk_v power(mpk_v a, mpk_v b, float exponent) {
    if (exponent == 1) return a;
    if (exponent == 2) return a * a;
    if (exponent == 3) return a * a * a;
    for (int lane = 0; lane < MPK_LANES; lane++) a[lane] = powf(a[lane], b[lane]);
    return a;
}

// An operand with a step of 0 is a scalar.
#define MPK_MAP(expression)                                                                                           \
    do {                                                                                                              \
        int64_t i = 0;                                                                                                \
        for (; i + MPK_LANES <= n; i += MPK_LANES) {                                                                  \
            const mpk_v a = left_step ? mpk_load(left + i) : left_all;                                                \
            const mpk_v b = right_step ? mpk_load(right + i) : right_all;                                             \
            mpk_store(output + i, (expression));                                                                      \
        }                                                                                                             \
        if (i < n) {                                                                                                  \
            const int32_t rest = (int32_t)(n - i);                                                                    \
            const mpk_v a = left_step ? mpk_load_first(left + i, rest) : left_all;                                    \
            const mpk_v b = right_step ? mpk_load_first(right + i, rest) : right_all;                                 \
            mpk_store_first(output + i, rest, (expression));                                                          \
        }                                                                                                             \
    } while (0);                                                                                                      \
    break

MPK_INLINE void map_binary(int32_t operation, const float *left, const int left_step, const float *right,
                           const int right_step, float *output, int64_t n) {
    const mpk_v left_all = mpk_splat(left_step ? 0 : *left), right_all = mpk_splat(right_step ? 0 : *right);
    switch (operation) {
    case MPK_ADD: MPK_MAP(a + b);
    case MPK_SUBTRACT: MPK_MAP(a - b);
    case MPK_MULTIPLY: MPK_MAP(a * b);
    case MPK_DIVIDE: MPK_MAP(a / b);
    case MPK_MAXIMUM: MPK_MAP(maximum_or_nan(a, b));
    case MPK_MINIMUM: MPK_MAP(minimum_or_nan(a, b));
    case MPK_POWER: MPK_MAP(power(a, b, right_step ? 0 : *right));
    case MPK_PRELU: MPK_MAP(a < 0.0f ? a * b : a);
    default: break;
    }
}
#undef MPK_MAP

static MPK_TARGET void run_binary(int32_t operation, const float *left, int32_t left_step, const float *right,
                                  int32_t right_step, float *output, int64_t n) {
    if (left_step && right_step) {
        map_binary(operation, left, 1, right, 1, output, n);
    } else if (left_step) {
        map_binary(operation, left, 1, right, 0, output, n);
    } else {
        map_binary(operation, left, 0, right, 1, output, n);
    }
}

static MPK_TARGET void run_scale_shift(const float *x, const float *scale, const float *shift, float *y,
                                       int64_t channels, int64_t pixels, int64_t first_plane, int64_t plane_count) {
    if (pixels == 1) {
        // [batch][channels]: vectors along the channels.
        for (int64_t plane = first_plane; plane < first_plane + plane_count;) {
            const int64_t channel = plane % channels, left = first_plane + plane_count - plane;
            const int64_t run = channels - channel < left ? channels - channel : left;
            for (int64_t i = 0; i < run; i += MPK_LANES) {
                const int32_t count = run - i < MPK_LANES ? (int32_t)(run - i) : MPK_LANES;
                const mpk_v value = mpk_load_first(x + plane + i, count);
                mpk_store_first(y + plane + i, count,
                                mpk_fma(value, mpk_load_first(scale + channel + i, count),
                                        mpk_load_first(shift + channel + i, count)));
            }
            plane += run;
        }
        return;
    }
    for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
        const mpk_v factor = mpk_splat(scale[plane % channels]), offset = mpk_splat(shift[plane % channels]);
        const float *from = x + plane * pixels;
        float *to = y + plane * pixels;
        int64_t i = 0;
        for (; i + MPK_LANES <= pixels; i += MPK_LANES) mpk_store(to + i, mpk_fma(mpk_load(from + i), factor, offset));
        const int32_t rest = (int32_t)(pixels - i);
        mpk_store_first(to + i, rest, mpk_fma(mpk_load_first(from + i, rest), factor, offset));
    }
}
