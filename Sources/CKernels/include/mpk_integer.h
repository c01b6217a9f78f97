// Products and convolutions of 8-bit numbers, exact in int32 (which wraps), and conversions between numbers and their
// quantised form. Operands are widened to int16 with their zero points taken off, so that signed and unsigned numbers
// and every zero point are computed in one way.
//
// Bits: sums are exact, conversions element by element; nothing depends on how a caller cuts the work, nor on the CPU.
#ifndef MPK_INTEGER_H
#define MPK_INTEGER_H

#include <stddef.h>
#include <stdint.h>

/// 8-bit and wider integers as they lie in memory.
enum { MPK_UINT8 = 0, MPK_INT8 = 1, MPK_UINT16 = 2, MPK_INT16 = 3, MPK_INT32 = 4 };

enum {
    /// Columns of a packed panel.
    MPK_INTEGER_PANEL = 32,
    /// Most rows that mpk_integer_product takes at a time.
    MPK_INTEGER_ROWS = 8,
};

/// int16s of a row or of one column of a panel: the depth rounded up to whole pairs.
int64_t mpk_integer_row_length(int64_t depth);

/// to[i] = from[i] - zero for i in 0 ..< depth, then zeros up to the row length; `type` is MPK_UINT8 or MPK_INT8.
void mpk_integer_pack_row(int32_t type, const void *from, int32_t zero, int16_t *to, int64_t depth);

/// Packs columns first_column ..< first_column + MPK_INTEGER_PANEL of a matrix [depth][columns], those past the end as
/// zeros. `zeros` has one zero point, or one for each column when zero_step is 1.
/// to [pairs of the depth][MPK_INTEGER_PANEL][2]
void mpk_integer_pack_panel(int32_t type, const void *from, int64_t depth, int64_t columns, int64_t first_column,
                            const int32_t *zeros, int32_t zero_step, int16_t *to);

/// A sliding window over one image [channels][in...] of up to three axes, as patches.
typedef struct {
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], before[3];
} mpk_integer_window;

/// Packs the patches under output cells first_cell ..< first_cell + MPK_INTEGER_PANEL as columns of a panel whose depth
/// runs over [channels][kernel...]; cells of the padding are zero, as if they held the zero point.
void mpk_integer_pack_patches(int32_t type, const mpk_integer_window *window, const void *image, int64_t channels,
                              int32_t zero, int64_t first_cell, int16_t *to);

/// output[row][column] = sum over the depth of rows[row][k] * panel[k][column].
/// rows [row_count][row_length], row_count up to MPK_INTEGER_ROWS; output [row_count][MPK_INTEGER_PANEL]
void mpk_integer_product(const int16_t *rows, int64_t row_count, int64_t row_length, const int16_t *panel,
                         int32_t *output);

/// y[i] = saturate(round(sums[i] * scales[i * scale_step]) + zero), half to even; `type` is MPK_UINT8 or MPK_INT8.
void mpk_integer_requantize(const int32_t *sums, const float *scales, int32_t scale_step, int32_t zero, int32_t type,
                            void *y, int64_t n);

/// y[i] = saturate(round(x[i] / scales[i * step]) + zeros[i * step]), half to even; zeros are of y's type, or null.
/// `type` is any but MPK_INT32; step is 0 or 1.
void mpk_quantize(const float *x, const float *scales, const void *zeros, int32_t step, int32_t type, void *y,
                  int64_t n);

/// y[i] = (x[i] - zeros[i * step]) * scales[i * step]; zeros are of x's type, or null.
void mpk_dequantize(int32_t type, const void *x, const float *scales, const void *zeros, int32_t step, float *y,
                    int64_t n);

/// Widens *lowest and *highest so that they take in x[0 ..< n]; NaN counts for nothing.
void mpk_range(const float *x, float *lowest, float *highest, int64_t n);

#endif
