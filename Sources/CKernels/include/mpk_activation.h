// Element-wise functions of one argument: used on their own (mpk_unary) and fused behind a convolution or a matrix
// product (mpk_epilogue). A value maps to the same bits wherever it is in an array and whichever kernel
// (fused or not) applies the function.
#ifndef MPK_ACTIVATION_H
#define MPK_ACTIVATION_H

#include <stdint.h>

enum {
    MPK_IDENTITY = 0,
    MPK_RELU = 1,          // max(0, x)
    MPK_CLIP = 2,          // min(max(x, alpha), beta)
    MPK_LEAKY_RELU = 3,    // x < 0 ? alpha * x : x
    MPK_SIGMOID = 4,       // 1 / (1 + exp(-x))
    MPK_TANH = 5,
    MPK_EXP = 6,
    MPK_LOG = 7,
    MPK_SQRT = 8,
    MPK_RECIPROCAL = 9,
    MPK_NEGATE = 10,
    MPK_ABS = 11,
    MPK_ERF = 12,
    MPK_GELU_ERF = 13,     // x/2 * (1 + erf(x / sqrt 2))
    MPK_GELU_TANH = 14,    // x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
    MPK_SILU = 15,         // x * sigmoid(alpha * x); alpha is 1 for SiLU/Swish, 1.702 for quick GELU
    MPK_HARD_SWISH = 16,   // x * max(0, min(1, x/6 + 1/2))
    MPK_HARD_SIGMOID = 17, // max(0, min(1, alpha * x + beta))
    MPK_ELU = 18,          // x < 0 ? alpha * (exp(x) - 1) : x
    MPK_SELU = 19,         // beta * (x < 0 ? alpha * (exp(x) - 1) : x); ONNX gamma is beta
    MPK_CELU = 20,         // max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
    MPK_SOFTPLUS = 21,     // log(1 + exp(x))
    MPK_SOFTSIGN = 22,     // x / (1 + |x|)
    MPK_MISH = 23,         // x * tanh(softplus(x))
    MPK_FLOOR = 24,
    MPK_CEIL = 25,
    MPK_ROUND = 26,        // half to even
    MPK_SQUARE = 27,       // x * x
    MPK_SCALE_SHIFT = 28,  // alpha * x + beta
    MPK_THRESHOLDED_RELU = 29, // x > alpha ? x : 0
    MPK_SIGN = 30,         // -1, 0, 1 (NaN stays NaN)
    MPK_RSQRT = 31,        // 1 / sqrt(x)
    MPK_SCALED_TANH = 32,  // alpha * tanh(beta * x)
    MPK_UNARY_COUNT = 33,
};

/// What follows a convolution or a matrix product, while the result is still in registers or first-level cache:
/// activation(product + bias + residual). Fusing a residual, or the bias of a matrix product, gives the same bits as
/// adding it afterwards.
typedef struct {
    int32_t activation;       // one of MPK_IDENTITY ... MPK_SCALED_TANH
    float activation_alpha;
    float activation_beta;
    const float *bias;        // [out channels] or null
    const float *residual;    // shape and layout of the output, or null; not the output, unless the operator's header says so
} mpk_epilogue;

#endif
