// Pooling of NCDHW float32 volumes, one for each image and channel; planes are the case of depth 1. A caller
// splits the volumes (batch x channels) over threads; a volume's bits do not depend on the split.
#ifndef MPK_POOLING_H
#define MPK_POOLING_H

#include <stdint.h>

/// A window sliding over volumes. The output's size is given: rounding up or down is the caller's decision.
typedef struct {
    int32_t in_depth, in_height, in_width;
    int32_t out_depth, out_height, out_width;
    int32_t kernel_depth, kernel_height, kernel_width;
    int32_t stride_depth, stride_height, stride_width;
    int32_t dilation_depth, dilation_height, dilation_width;
    int32_t pad_front, pad_top, pad_left;
    int32_t pad_back, pad_bottom, pad_right;  // count only for count_include_pad
    int32_t count_include_pad;                // average: cells of the padding count, cells beyond it (rounding up) do not
} mpk_pool_shape;

/// Planes first_plane ..< first_plane + plane_count of input [planes][in_depth][in_height][in_width] into output
/// [planes][out_depth][out_height][out_width]. NaN in a window gives NaN; a window wholly in the padding gives -infinity.
void mpk_max_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                  int64_t plane_count);

/// As mpk_max_pool; the sum is divided by the counted cells, and is 0 where none counts.
void mpk_average_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                      int64_t plane_count);

/// As mpk_max_pool, with the sum of magnitudes (norm 1) or the root of the sum of squares (norm 2); 0 where a window lies
/// wholly in the padding.
void mpk_norm_pool(const mpk_pool_shape *shape, int32_t norm, const float *input, float *output, int64_t first_plane,
                   int64_t plane_count);

/// output[plane] = mean of input[plane][pixels].
void mpk_global_average_pool(const float *input, float *output, int64_t pixels, int64_t first_plane,
                             int64_t plane_count);

/// output[plane] = maximum of input[plane][pixels].
void mpk_global_max_pool(const float *input, float *output, int64_t pixels, int64_t first_plane, int64_t plane_count);

#endif
