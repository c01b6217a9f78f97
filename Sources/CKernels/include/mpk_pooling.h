// Pooling of NCHW float32 planes. A caller splits the planes (batch x channels) over threads; a plane's bits do not
// depend on the split.
#ifndef MPK_POOLING_H
#define MPK_POOLING_H

#include <stdint.h>

/// A window sliding over planes. The output's size is given: rounding up or down is the caller's decision.
typedef struct {
    int32_t in_height, in_width;
    int32_t out_height, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t pad_bottom, pad_right;  // count only for count_include_pad
    int32_t count_include_pad;      // average: cells of the padding count, cells beyond it (rounding up) do not
} mpk_pool_shape;

/// Planes first_plane ..< first_plane + plane_count of input [planes][in_height][in_width] into output
/// [planes][out_height][out_width]. NaN in a window gives NaN; a window wholly in the padding gives -infinity.
void mpk_max_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                  int64_t plane_count);

/// As mpk_max_pool; the sum is divided by the counted cells, and is 0 where none counts.
void mpk_average_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                      int64_t plane_count);

/// output[plane] = mean of input[plane][pixels].
void mpk_global_average_pool(const float *input, float *output, int64_t pixels, int64_t first_plane,
                             int64_t plane_count);

/// output[plane] = maximum of input[plane][pixels].
void mpk_global_max_pool(const float *input, float *output, int64_t pixels, int64_t first_plane, int64_t plane_count);

#endif
