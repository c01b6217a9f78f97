// Element-wise functions on contiguous float32. A caller splits an array over threads at any element: a value maps to
// the same bits in the vector body and in the tail.
#ifndef MPK_ELEMENTWISE_H
#define MPK_ELEMENTWISE_H

#include <stdint.h>
#include "mpk_activation.h"

/// y[i] = operation(x[i]) for i in 0 ..< n; `operation` is one of MPK_IDENTITY ... MPK_SCALED_TANH. x may be y.
/// exp, log, tanh, sigmoid, erf, softplus: relative error below 4e-7, exact at infinities, NaN stays NaN.
void mpk_unary(int32_t operation, float alpha, float beta, const float *x, float *y, int64_t n);

enum {
    MPK_ADD = 0,
    MPK_SUBTRACT = 1,
    MPK_MULTIPLY = 2,
    MPK_DIVIDE = 3,
    MPK_MAXIMUM = 4,  // NaN if either is
    MPK_MINIMUM = 5,  // NaN if either is
    MPK_POWER = 6,    // libm, except for scalar exponents 1, 2 and 3
    MPK_PRELU = 7,    // a < 0 ? a * b : a
    MPK_BINARY_COUNT = 8,
};

/// y[i] = a[i] operation b[i]. y may be a or b.
void mpk_binary(int32_t operation, const float *a, const float *b, float *y, int64_t n);

/// y[i] = a[i] operation b.
void mpk_binary_scalar_right(int32_t operation, const float *a, float b, float *y, int64_t n);

/// y[i] = a operation b[i].
void mpk_binary_scalar_left(int32_t operation, float a, const float *b, float *y, int64_t n);

/// y = scale[channel] * x + shift[channel] (one rounding): batch normalisation at inference. x and y are
/// [batch][channels][pixels]; works on the planes first_plane ..< first_plane + plane_count, counted over
/// batch x channels; x may be y.
void mpk_scale_shift_channels(const float *x, const float *scale, const float *shift, float *y, int64_t channels,
                              int64_t pixels, int64_t first_plane, int64_t plane_count);

#endif
