// The loop of mpk_unary, compiled once per level: one switch outside, one specialised loop per operation.
#include "elementwise_internal.h"

// The tail goes through the same vector code as the body, on a partly loaded vector.
#define MPK_MAP(expression)                                                                                           \
    do {                                                                                                              \
        int64_t i = 0;                                                                                                \
        for (; i + MPK_LANES <= n; i += MPK_LANES) {                                                                  \
            const mpk_v x = mpk_load(input + i);                                                                      \
            mpk_store(output + i, (expression));                                                                      \
        }                                                                                                             \
        if (i < n) {                                                                                                  \
            const mpk_v x = mpk_load_first(input + i, (int32_t)(n - i));                                              \
            mpk_store_first(output + i, (int32_t)(n - i), (expression));                                              \
        }                                                                                                             \
    } while (0);                                                                                                      \
    break

static MPK_TARGET void run_unary(int32_t operation, float alpha, float beta, const float *input, float *output,
                                 int64_t n) {
    const mpk_v zero = mpk_splat(0), one = mpk_splat(1), a = mpk_splat(alpha), b = mpk_splat(beta);
    switch (operation) {
    case MPK_IDENTITY:
        if (input == output) break;
        MPK_MAP(x);
    case MPK_RELU: MPK_MAP(mpk_max(zero, x));
    case MPK_CLIP: MPK_MAP(mpk_min(b, mpk_max(a, x)));
    case MPK_LEAKY_RELU: MPK_MAP(x < zero ? a * x : x);
    case MPK_SIGMOID: MPK_MAP(mpk_sigmoid(x));
    case MPK_TANH: MPK_MAP(mpk_tanh(x));
    case MPK_EXP: MPK_MAP(mpk_exp(x));
    case MPK_LOG: MPK_MAP(mpk_log(x));
    case MPK_SQRT: MPK_MAP(__builtin_elementwise_sqrt(x));
    case MPK_RECIPROCAL: MPK_MAP(one / x);
    case MPK_NEGATE: MPK_MAP(-x);
    case MPK_ABS: MPK_MAP(mpk_abs(x));
    case MPK_ERF: MPK_MAP(mpk_erf(x));
    case MPK_GELU_ERF: MPK_MAP(0.5f * x * (1.0f + mpk_erf(x * 0.707106781f)));
    case MPK_GELU_TANH:
        MPK_MAP(0.5f * x * (1.0f + mpk_tanh(0.797884561f * mpk_fma(0.044715f * x * x, x, x))));
    case MPK_SILU: MPK_MAP(x * mpk_sigmoid(a * x));
    case MPK_HARD_SWISH:
        MPK_MAP(x * mpk_max(zero, mpk_min(one, mpk_fma(x, mpk_splat(1.0f / 6.0f), mpk_splat(0.5f)))));
    case MPK_HARD_SIGMOID: MPK_MAP(mpk_max(zero, mpk_min(one, mpk_fma(a, x, b))));
    case MPK_ELU: MPK_MAP(x < zero ? a * mpk_expm1(x) : x);
    case MPK_SELU: MPK_MAP(b * (x < zero ? a * mpk_expm1(x) : x));
    case MPK_CELU: MPK_MAP(x < zero ? a * mpk_expm1(x / a) : x);
    case MPK_SOFTPLUS: MPK_MAP(mpk_softplus(x));
    case MPK_SOFTSIGN: MPK_MAP(x / (1.0f + mpk_abs(x)));
    case MPK_MISH: MPK_MAP(mpk_mish(x));
    case MPK_FLOOR: MPK_MAP(mpk_floor(x));
    case MPK_CEIL: MPK_MAP(mpk_ceil(x));
    case MPK_ROUND: MPK_MAP(mpk_round_even(x));
    case MPK_SQUARE: MPK_MAP(x * x);
    case MPK_SCALE_SHIFT: MPK_MAP(mpk_fma(a, x, b));
    case MPK_THRESHOLDED_RELU: MPK_MAP(x > a ? x : zero);
    case MPK_SIGN: MPK_MAP(x > zero ? one : (x < zero ? -one : (x == x ? zero : x)));
    case MPK_RSQRT: MPK_MAP(one / __builtin_elementwise_sqrt(x));
    case MPK_SCALED_TANH: MPK_MAP(a * mpk_tanh(b * x));
    default: break;
    }
}
#undef MPK_MAP
