// Matrix product with constant weights, packed once: output[rows][out_features] = input[rows][depth] x weights
// (+ bias + residual, then an activation). Fast for single rows, where streaming the weights is everything, and for
// hundreds of rows.
//
// Bits: an output element is one chain of multiply-adds over the depth, started from zero; bias and then residual are
// added to the finished chain, as separate additions would do it. The element depends
// neither on the number of rows nor on the tasks, and is the same for AVX2 and AVX-512.
#ifndef MPK_LINEAR_H
#define MPK_LINEAR_H

#include <stddef.h>
#include <stdint.h>
#include "mpk_activation.h"

enum {
    MPK_WEIGHTS_DEPTH_OUT = 0,  // [depth][out_features]: ONNX MatMul, Gemm with transB = 0
    MPK_WEIGHTS_OUT_DEPTH = 1,  // [out_features][depth]: Gemm with transB = 1, linear layers of PyTorch
};

typedef struct {
    int64_t rows;
    int64_t depth;
    int64_t out_features;
    int64_t input_row_stride;   // floats; 0 means depth
    int64_t output_row_stride;  // floats, of output and residual; 0 means out_features
    int32_t weight_layout;      // MPK_WEIGHTS_*: of the unpacked weights
} mpk_linear_shape;

/// 1 when the shape can be run: positive sizes, strides 0 or at least a row long.
int32_t mpk_linear_is_valid(const mpk_linear_shape *shape);

/// Output features per packed panel.
int32_t mpk_linear_panel_width(void);

/// Floats that the packed weights take: depth x out_features rounded up to a panel.
size_t mpk_linear_packed_weight_count(const mpk_linear_shape *shape);

/// Packs all weights, stored as weight_layout says.
void mpk_linear_pack_weights(const mpk_linear_shape *shape, const float *weights, float *packed);

/// Packs a rectangle of the weights, so that a loader never holds the whole tensor. `weights` holds only the rectangle:
/// [depth_count][feature_count] or [feature_count][depth_count]. Any rectangles that cover the matrix may be packed in
/// any order, by one thread at a time.
void mpk_linear_pack_weights_slice(const mpk_linear_shape *shape, int64_t first_feature, int64_t feature_count,
                                   int64_t first_depth, int64_t depth_count, const float *weights, float *packed);

/// Bytes of scratch one thread needs, to be aligned to 64.
size_t mpk_linear_scratch_byte_count(const mpk_linear_shape *shape);

/// A number of independent tasks that keeps `threads` threads evenly busy; mpk_linear_run_task accepts others.
int32_t mpk_linear_task_count(const mpk_linear_shape *shape, int32_t threads);

/// Computes task `task` of `task_count`.
/// input [rows][depth], never the output; output [rows][out_features]; packed 64-byte aligned for speed
void mpk_linear_run_task(const mpk_linear_shape *shape, const float *input, const float *packed,
                         const mpk_epilogue *epilogue, float *output, int32_t task, int32_t task_count, void *scratch);

#endif
