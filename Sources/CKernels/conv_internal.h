// What the files of the convolution share: the plan derived from a shape, and the table of level-specific parts.
#ifndef MPK_CONV_INTERNAL_H
#define MPK_CONV_INTERNAL_H

#include <stdint.h>
#include "mpk_convolution.h"

/// Output channels per packed weight panel, at every level, so that packed weights outlive a change of level.
enum { MPK_PANEL_HEIGHT = 8 };

/// Widest pixel panel of any level: 3 vectors of 16.
enum { MPK_MAX_PANEL_WIDTH = 48 };

/// Most pixel panels packed at a time.
enum { MPK_MAX_BLOCK_PANELS = 64 };

/// A convolution seen as out[channels][pixels] = weights[channels][depth] x columns[depth][pixels], per group.
/// Pixels run over all images of the batch, so small maps share panels.
typedef struct {
    mpk_conv_shape shape;    // 1x1 stride-1 convolutions: rows joined into one, so that copies are long
    int64_t group_in;        // input channels per group
    int64_t group_out;       // output channels per group
    int64_t taps;            // kernel_depth * kernel_height * kernel_width
    int64_t depth;           // group_in * taps
    int64_t in_plane;        // floats of one input channel
    int64_t out_plane;       // pixels of one output channel
    int64_t pixels;          // batch * out_plane
    int64_t channel_panels;  // per group
    int64_t chunk_channels;  // input channels whose columns are packed at a time
    int64_t pixel_panels;    // of panel_width pixels, the last one possibly partial
    int64_t block_panels;    // pixel panels packed at a time: their columns stay in second-level cache
    int32_t panel_width;     // pixels
    int32_t lanes;
    int32_t depthwise;       // 1: direct kernel, weights unpacked
    int32_t pointwise;       // 1: 1x1 stride 1 without padding, the columns are the image
    int32_t has_idle_taps;   // 1: taps that read nothing but padding for whole panels are worth leaving out
} mpk_conv_plan;

/// Taps first ..< end of a kernel: of a panel of pixels, those that read the image at least once.
typedef struct {
    int32_t first, end;
} mpk_tap_range;

/// How the work is cut: units = groups x channel blocks x pixel blocks; a task takes a range of units.
typedef struct {
    int64_t channel_blocks, pixel_blocks, units;
} mpk_conv_split;

/// One register tile:
/// output[8][width] = clip((start + weights[depth][8]^T x columns[depth][width]) + residual[8][width]), where start is
/// bias[8] or the partial sums of the depth before. The depth is `runs` times `run_depth` entries, with
/// `skipped_depth` entries of weights and columns between two runs that are left out. A sum of zero is +0, whatever
/// its sign became in between: then entries whose columns are zeros may be left out or not.
typedef struct {
    int64_t runs, run_depth, skipped_depth;
    const float *weights;    // [depth][MPK_PANEL_HEIGHT]
    const float *columns;    // [depth][width]
    const float *partial;    // [MPK_PANEL_HEIGHT][partial_stride] or null for the first depth
    int64_t partial_stride;
    const float *bias;       // [MPK_PANEL_HEIGHT] or null for zero; only for the first depth
    const float *residual;   // [MPK_PANEL_HEIGHT][residual_stride] or null for zero
    int64_t residual_stride;
    float *output;           // [MPK_PANEL_HEIGHT][output_stride]
    int64_t output_stride;
    float lower, upper;      // -inf, inf: no clipping
    int32_t pixel_count;     // of the width, the columns that matter
} mpk_tile_job;

typedef struct {
    int32_t lanes;
    int32_t tile_vectors;
    /// width = vectors * lanes, vectors in 1 ... tile_vectors
    void (*tile)(const mpk_tile_job *job, int32_t vectors);
    /// columns[channel_count * taps][vectors * lanes] of the pixels first_pixel ..< first_pixel + pixel_count;
    /// input: channel 0 of the chunk in image 0. Of the taps, at least those of the range are written.
    void (*pack)(const mpk_conv_plan *plan, const float *input, int64_t channel_count, int64_t first_pixel,
                 int32_t pixel_count, int32_t vectors, mpk_tap_range range, float *columns);
    /// Pointwise: a block of pixels panel by panel, each as `pack` would leave it, every `panel_floats` floats.
    void (*pack_pointwise)(const mpk_conv_plan *plan, const float *input, int64_t channel_count, int64_t first_pixel,
                           int64_t end_pixel, int64_t panel_floats, float *columns);
    /// tile[MPK_PANEL_HEIGHT][MPK_MAX_PANEL_WIDTH] from or to pixels that may span images;
    /// image: first of the `rows` channels in image 0.
    void (*gather)(const mpk_conv_plan *plan, const float *image, int32_t rows, int64_t first_pixel,
                   int32_t pixel_count, float *tile);
    void (*scatter)(const mpk_conv_plan *plan, float *image, int32_t rows, int64_t first_pixel, int32_t pixel_count,
                    const float *tile);
    /// Depthwise: output rows first_row ..< first_row + row_count of one channel, counted over its slices.
    void (*depthwise)(const mpk_conv_plan *plan, const float *input, const float *weights, float bias,
                      const float *residual, float lower, float upper, int64_t first_row, int64_t row_count,
                      float *output);
} mpk_conv_table;

extern const mpk_conv_table mpk_conv_table_portable;
#if defined(__x86_64__)
extern const mpk_conv_table mpk_conv_table_avx2;
extern const mpk_conv_table mpk_conv_table_avx512;
#endif

/// The table of the level in force.
const mpk_conv_table *mpk_conv_current_table(void);

mpk_conv_plan mpk_conv_make_plan(const mpk_conv_shape *shape, const mpk_conv_table *table);
mpk_conv_split mpk_conv_make_split(const mpk_conv_plan *plan, int64_t task_count);

/// The taps from the first to the last kernel row that reads the image for one of these pixels.
mpk_tap_range mpk_conv_live_taps(const mpk_conv_plan *plan, int64_t first_pixel, int32_t pixel_count);

void mpk_conv_run_depthwise(const mpk_conv_plan *plan, const mpk_conv_table *table, const float *input,
                            const float *weights, const mpk_epilogue *epilogue, float *output, int64_t task,
                            int64_t task_count);

#endif
