// Sizes that follow from a shape: packed weights, scratch, blocks, tasks. Nothing here changes a result.
#include <stddef.h>
#include "conv_internal.h"
#include "mpk_cpu.h"

// Columns packed at a time should leave room in a 512 KiB ... 1 MiB second-level cache for weights and outputs.
static const int64_t block_bytes = 384 * 1024;
// Depth of one chunk: weights of a panel (8 x 256 floats) stay in first-level cache.
static const int64_t chunk_depth = 256;
// A task shorter than this (in vector operations, about 15 microseconds) costs more to hand out than it saves.
static const int64_t smallest_task = 40000;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

const mpk_conv_table *mpk_conv_current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_conv_table_avx512;
    case MPK_CPU_AVX2: return &mpk_conv_table_avx2;
    default: break;
    }
#endif
    return &mpk_conv_table_portable;
}

int32_t mpk_conv_is_valid(const mpk_conv_shape *s) {
    return s->batch > 0 && s->in_channels > 0 && s->in_depth > 0 && s->in_height > 0 && s->in_width > 0 &&
           s->out_channels > 0 && s->out_depth > 0 && s->out_height > 0 && s->out_width > 0 && s->kernel_depth > 0 &&
           s->kernel_height > 0 && s->kernel_width > 0 && s->stride_depth > 0 && s->stride_height > 0 &&
           s->stride_width > 0 && s->dilation_depth > 0 && s->dilation_height > 0 && s->dilation_width > 0 &&
           s->pad_front >= 0 && s->pad_top >= 0 && s->pad_left >= 0 && s->groups > 0 &&
           s->in_channels % s->groups == 0 && s->out_channels % s->groups == 0;
}

// One axis of a convolution: positions of the kernel, and steps within it.
typedef struct {
    int64_t in, out, kernel, stride, dilation, pad;
} axis;

static axis depth_axis(const mpk_conv_shape *s) {
    return (axis){s->in_depth, s->out_depth, s->kernel_depth, s->stride_depth, s->dilation_depth, s->pad_front};
}

static axis height_axis(const mpk_conv_shape *s) {
    return (axis){s->in_height, s->out_height, s->kernel_height, s->stride_height, s->dilation_height, s->pad_top};
}

typedef struct {
    int64_t first, end;
} steps;

// The steps of the kernel at `position` that read inside; first >= end: none.
static steps steps_inside(const axis *a, int64_t position) {
    const int64_t start = position * a->stride - a->pad;
    const int64_t first = start >= 0 ? 0 : ceil_div(-start, a->dilation);
    const int64_t end = start >= a->in ? 0 : ceil_div(a->in - start, a->dilation);
    return (steps){first, smaller(end, a->kernel)};
}

// Positions at which the first or the last step reads padding, in a row from the start or from the end.
static int64_t idle_positions(const axis *a) {
    const int64_t reach = (a->kernel - 1) * a->dilation;
    const int64_t before = larger(0, ceil_div(a->pad, a->stride));
    const int64_t inside = larger(0, (a->in + a->pad - reach + a->stride - 1) / a->stride);
    return smaller(a->out, larger(before, larger(0, a->out - inside)));
}

// Leaving taps out means to look through the weights for infinities first. That pays where panels lie in padding as a
// whole, for a good part of the pixels.
static int32_t has_idle_taps(const mpk_conv_plan *p) {
    const axis slices = depth_axis(&p->shape), lines = height_axis(&p->shape);
    const int64_t row = p->shape.out_width, slice = row * p->shape.out_height;
    const int64_t z = idle_positions(&slices), y = idle_positions(&lines);
    return (slices.kernel > 1 && z * slice >= 2 * p->panel_width && z * 8 >= slices.out) ||
           (lines.kernel > 1 && y * row >= 2 * p->panel_width && y * 8 >= lines.out);
}

mpk_conv_plan mpk_conv_make_plan(const mpk_conv_shape *shape, const mpk_conv_table *table) {
    mpk_conv_plan p = {.shape = *shape};
    mpk_conv_shape *s = &p.shape;
    p.taps = (int64_t)s->kernel_depth * s->kernel_height * s->kernel_width;
    p.group_in = s->in_channels / s->groups;
    p.group_out = s->out_channels / s->groups;
    p.depth = p.group_in * p.taps;
    p.in_plane = (int64_t)s->in_depth * s->in_height * s->in_width;
    p.out_plane = (int64_t)s->out_depth * s->out_height * s->out_width;
    p.pixels = s->batch * p.out_plane;
    p.depthwise = s->groups > 1 && p.group_in == 1;
    p.pointwise = p.taps == 1 && s->stride_depth == 1 && s->stride_height == 1 && s->stride_width == 1 &&
                  s->pad_front == 0 && s->pad_top == 0 && s->pad_left == 0 && s->in_depth == s->out_depth &&
                  s->in_height == s->out_height && s->in_width == s->out_width && p.in_plane <= INT32_MAX;
    if (p.pointwise) {
        s->in_width = s->out_width = (int32_t)p.in_plane;
        s->in_depth = s->out_depth = s->in_height = s->out_height = 1;
    }
    p.lanes = table->lanes;
    p.panel_width = table->lanes * table->tile_vectors;
    p.channel_panels = ceil_div(p.group_out, MPK_PANEL_HEIGHT);
    p.pixel_panels = ceil_div(p.pixels, p.panel_width);
    // Few pixels: a longer chunk fits, and reads the weights in longer runs.
    const int64_t fitting = block_bytes / (p.pixel_panels * p.panel_width * (int64_t)sizeof(float));
    const int64_t chunks = ceil_div(p.group_in, larger(1, larger(chunk_depth, fitting) / p.taps));
    p.chunk_channels = ceil_div(p.group_in, chunks);
    const int64_t panel_bytes = p.chunk_channels * p.taps * p.panel_width * (int64_t)sizeof(float);
    p.block_panels = larger(1, smaller(smaller(block_bytes / panel_bytes, p.pixel_panels), MPK_MAX_BLOCK_PANELS));
    p.has_idle_taps = has_idle_taps(&p);
    return p;
}

mpk_tap_range mpk_conv_live_taps(const mpk_conv_plan *p, int64_t first_pixel, int32_t pixel_count) {
    const mpk_conv_shape *s = &p->shape;
    const int64_t rows = (int64_t)s->out_depth * s->out_height;
    const int64_t first_row = first_pixel / s->out_width;
    const int64_t last_row = (first_pixel + pixel_count - 1) / s->out_width;
    int64_t first = (int64_t)s->kernel_depth * s->kernel_height, end = 0;
    for (int64_t at = first_row; at <= last_row; at++) {
        const int64_t row = at % rows;
        const axis slices = depth_axis(s), lines = height_axis(s);
        const steps z = steps_inside(&slices, row / s->out_height), y = steps_inside(&lines, row % s->out_height);
        if (z.first >= z.end || y.first >= y.end) continue;
        first = smaller(first, z.first * s->kernel_height + y.first);
        end = larger(end, (z.end - 1) * s->kernel_height + y.end);
    }
    if (first >= end) return (mpk_tap_range){0, 0};
    return (mpk_tap_range){(int32_t)(first * s->kernel_width), (int32_t)(end * s->kernel_width)};
}

size_t mpk_conv_packed_weight_count(const mpk_conv_shape *shape) {
    const mpk_conv_plan p = mpk_conv_make_plan(shape, mpk_conv_current_table());
    if (p.depthwise) return (size_t)shape->out_channels * (size_t)p.taps;
    return (size_t)(shape->groups * p.channel_panels * MPK_PANEL_HEIGHT) * (size_t)p.depth;
}

int32_t mpk_conv_residual_may_be_output(const mpk_conv_shape *shape) {
    const mpk_conv_plan p = mpk_conv_make_plan(shape, mpk_conv_current_table());
    return p.depthwise || p.chunk_channels >= p.group_in;
}

int32_t mpk_conv_panel_height(const mpk_conv_shape *shape) {
    return shape->groups > 1 && shape->in_channels == shape->groups ? 1 : MPK_PANEL_HEIGHT;
}

size_t mpk_conv_scratch_byte_count(const mpk_conv_shape *shape) {
    const mpk_conv_plan p = mpk_conv_make_plan(shape, mpk_conv_current_table());
    if (p.depthwise) return 0;
    return (size_t)(p.block_panels * p.chunk_channels * p.taps) * (size_t)p.panel_width * sizeof(float);
}

// Vector operations of one unit: multiply-adds, packing its columns, and streaming its weights.
static int64_t unit_cost(const mpk_conv_plan *p, int64_t channel_blocks, int64_t pixel_blocks) {
    const int64_t panels = ceil_div(p->channel_panels, channel_blocks);
    const int64_t pixel_panels = ceil_div(p->pixel_panels, pixel_blocks);
    const int64_t vectors = smaller(pixel_panels * p->panel_width, p->pixels) / p->lanes + 1;
    const int64_t blocks = ceil_div(pixel_panels, p->block_panels);
    return (panels * MPK_PANEL_HEIGHT * vectors + vectors * 4 + blocks * panels * 4) * p->depth;
}

mpk_conv_split mpk_conv_make_split(const mpk_conv_plan *p, int64_t task_count) {
    const int64_t groups = p->shape.groups;
    mpk_conv_split best = {1, 1, groups};
    int64_t best_cost = INT64_MAX;
    const int64_t most = smaller(smaller(p->channel_panels, task_count), 128);
    for (int64_t channel_blocks = 1; channel_blocks <= most; channel_blocks++) {
        const int64_t wanted = ceil_div(task_count, groups * channel_blocks);
        const int64_t pixel_blocks = smaller(wanted, p->pixel_panels);
        const int64_t units = groups * channel_blocks * pixel_blocks;
        const int64_t cost = unit_cost(p, channel_blocks, pixel_blocks) * ceil_div(units, task_count);
        if (cost < best_cost) {
            best_cost = cost;
            best = (mpk_conv_split){channel_blocks, pixel_blocks, units};
        }
    }
    return best;
}

int32_t mpk_conv_task_count(const mpk_conv_shape *shape, int32_t threads) {
    if (threads <= 1) return 1;
    const mpk_conv_plan p = mpk_conv_make_plan(shape, mpk_conv_current_table());
    if (p.depthwise) {
        const int64_t work = shape->out_channels * ceil_div(p.pixels, p.lanes) * p.taps;
        const int64_t count = larger(1, smaller(threads * 4, work / smallest_task));
        return (int32_t)smaller(count, (int64_t)shape->batch * shape->out_channels);
    }
    const int64_t work = shape->groups * unit_cost(&p, 1, 1);
    const int64_t most = larger(1, work / smallest_task);
    if (most < threads) return (int32_t)most;
    // More tasks than threads even out threads that are disturbed, unless cutting finer costs too much.
    int64_t best = threads, best_cost = INT64_MAX;
    for (int64_t rounds = 1; rounds <= 4 && rounds * threads <= most; rounds++) {
        const int64_t count = rounds * threads;
        const mpk_conv_split split = mpk_conv_make_split(&p, count);
        const int64_t cost =
            unit_cost(&p, split.channel_blocks, split.pixel_blocks) * ceil_div(split.units, count) * rounds;
        if (best_cost == INT64_MAX || cost <= best_cost + best_cost / 32) best = count;
        best_cost = smaller(cost, best_cost);
    }
    return (int32_t)best;
}
