// Soft maxima and norms over the rows of [rows][columns], and local response normalisation. A caller splits the rows
// (or planes) over threads; a row's bits do not depend on the split. In place (x == y) is fine except for lrn.
#ifndef MPK_NORMALIZATION_H
#define MPK_NORMALIZATION_H

#include <stdint.h>

/// y = exp(x - max) / sum(exp(x - max)) per row, for rows first_row ..< first_row + row_count.
void mpk_softmax(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count);

/// y = x - max - log(sum(exp(x - max))) per row.
void mpk_log_softmax(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count);

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias per row; scale and bias [columns], either may be null.
void mpk_layer_norm(const float *x, const float *scale, const float *bias, float epsilon, float *y, int64_t columns,
                    int64_t first_row, int64_t row_count);

/// y = x / sqrt(mean(x^2) + epsilon) * scale per row; scale [columns] may be null.
void mpk_rms_norm(const float *x, const float *scale, float epsilon, float *y, int64_t columns, int64_t first_row,
                  int64_t row_count);

/// y = x / (bias + alpha / size * sum of x^2 over `size` channels around)^beta, on [batch][channels][pixels], for the
/// planes first_plane ..< first_plane + plane_count counted over batch x channels. x is not y.
void mpk_lrn(const float *x, float *y, int64_t channels, int64_t pixels, int64_t size, float alpha, float beta,
             float bias, int64_t first_plane, int64_t plane_count);

#endif
