// Three-dimensional convolution, NCDHW float32, weights packed once. A two-dimensional one is the case of depth 1, a
// one-dimensional one that of depth and height 1.
//
// How to use it: pack the weights at load (whole, or slice by slice), then for every run hand out the tasks
// 0 ..< task_count to any threads in any order, each thread with its own scratch. Nothing is allocated inside.
//
// Bits: every output element is one chain of multiply-adds in a fixed order over (channel, kernel slice, kernel row,
// kernel column), started from the bias; the residual is added to the finished chain. The order depends on nothing but
// the shape of the kernel, so results are identical for every number of tasks, threads and images, and for AVX2 and
// AVX-512.
#ifndef MPK_CONVOLUTION_H
#define MPK_CONVOLUTION_H

#include <stddef.h>
#include <stdint.h>
#include "mpk_activation.h"

/// Everything that fixes a convolution. Padding behind, at the bottom and right follows from the output's size: taps outside
/// the image read zero, however far outside. out_channels and in_channels are multiples of groups.
typedef struct {
    int32_t batch;
    int32_t in_channels, in_depth, in_height, in_width;
    int32_t out_channels, out_depth, out_height, out_width;
    int32_t kernel_depth, kernel_height, kernel_width;
    int32_t stride_depth, stride_height, stride_width;
    int32_t dilation_depth, dilation_height, dilation_width;
    int32_t pad_front, pad_top, pad_left;
    int32_t groups;
} mpk_conv_shape;

/// 1 when the shape can be run: positive sizes, non-negative padding, channels divisible by groups; 0 otherwise.
int32_t mpk_conv_is_valid(const mpk_conv_shape *shape);

/// Floats that the packed weights take: the original count, with out_channels / groups rounded up to a panel.
size_t mpk_conv_packed_weight_count(const mpk_conv_shape *shape);

/// 1 when the residual may be the output itself, which saves a pass over memory; 0 when it must lie elsewhere, because
/// partial sums of a deep convolution wait in the output.
int32_t mpk_conv_residual_may_be_output(const mpk_conv_shape *shape);

/// Output channels per packed panel; slices start at multiples of it (counted inside one group).
int32_t mpk_conv_panel_height(const mpk_conv_shape *shape);

/// Packs all weights: [out_channels][in_channels / groups][kernel_depth][kernel_height][kernel_width].
void mpk_conv_pack_weights(const mpk_conv_shape *shape, const float *weights, float *packed);

/// Packs the output channels first_channel ..< first_channel + channel_count, so that a loader never holds the whole
/// tensor. `weights` holds only the slice. first_channel, counted from the start of its group, is a multiple of the
/// panel height; a slice ends at such a multiple too, or at the end of a group; it may span groups.
void mpk_conv_pack_weights_slice(const mpk_conv_shape *shape, int32_t first_channel, int32_t channel_count,
                                 const float *weights, float *packed);

/// Bytes of scratch one thread needs, to be aligned to 64. May be 0.
size_t mpk_conv_scratch_byte_count(const mpk_conv_shape *shape);

/// A number of independent tasks that keeps `threads` threads evenly busy. mpk_conv_run_task accepts any other
/// positive task_count as well: it only changes who computes what.
int32_t mpk_conv_task_count(const mpk_conv_shape *shape, int32_t threads);

/// Computes task `task` of `task_count`.
/// input  [batch][in_channels][in_depth][in_height][in_width], never the output
/// packed as written by mpk_conv_pack_weights, 64-byte aligned for speed
/// output [batch][out_channels][out_depth][out_height][out_width]
void mpk_conv_run_task(const mpk_conv_shape *shape, const float *input, const float *packed,
                       const mpk_epilogue *epilogue, float *output, int32_t task, int32_t task_count, void *scratch);

#endif
