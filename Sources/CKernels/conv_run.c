// The loop nest of the convolution: pixel block > depth chunk > channel panel > pixel panel > register tile.
//
// Partial sums between depth chunks live in the output itself, and a tile starts from them, so that cutting the depth
// does not change the chain of multiply-adds of an element. The residual is added after the chain, as a separate
// addition would do it: fusing one must not change a bit.
#include <math.h>
#include <string.h>
#include "activation_internal.h"
#include "conv_internal.h"
#include "mpk_elementwise.h"

typedef struct {
    const mpk_conv_plan *plan;
    const mpk_conv_table *table;
    const float *input;    // [batch][in_channels][in_plane]
    const float *packed;
    const mpk_epilogue *epilogue;
    float *output;         // [batch][out_channels][out_plane]
    float *columns;        // scratch: [block_panels][chunk depth][panel_width]
    float lower, upper;
    int32_t clips;         // the activation is done by the tile
    int32_t leaves_taps;   // taps without an input are left out
} run_state;

typedef struct {
    int64_t group;
    int64_t first_depth, depth;      // of this chunk
    int64_t first_panel, end_panel;  // channel panels
    int64_t first_pixel, end_pixel;
    int32_t is_first, is_last;       // chunk
} block;

static int32_t vectors_for(const mpk_conv_plan *p, int32_t pixel_count) {
    return (pixel_count + p->lanes - 1) / p->lanes;
}

// One register tile at (8 channels from `channel`, counted in the output) x (pixel_count pixels).
static void run_tile(const run_state *r, const block *b, int64_t channel, int32_t rows, const float *bias,
                     const float *weights, const float *columns, mpk_tap_range taps, int64_t first_pixel,
                     int32_t pixel_count) {
    const mpk_conv_plan *p = r->plan;
    const int64_t plane = p->out_plane;
    const int32_t vectors = vectors_for(p, pixel_count);
    const int64_t image = first_pixel / plane, within = first_pixel % plane;
    const float *partial = b->is_first ? NULL : r->output;
    const float *residual = b->is_last ? r->epilogue->residual : NULL;
    const int64_t live = taps.end - taps.first;
    mpk_tile_job job = {.runs = 1, .run_depth = b->depth,
                        .weights = weights + taps.first * MPK_PANEL_HEIGHT,
                        .columns = columns + (int64_t)taps.first * vectors * p->lanes,
                        .bias = b->is_first ? bias : NULL, .lower = -INFINITY, .upper = INFINITY,
                        .pixel_count = pixel_count};
    if (live < p->taps) {
        job.runs = b->depth / p->taps;
        job.run_depth = live;
        job.skipped_depth = p->taps - live;
    }
    if (b->is_last) {
        job.lower = r->lower;
        job.upper = r->upper;
    }
    const int32_t activates = b->is_last && !r->clips;
    const mpk_epilogue *e = r->epilogue;
    if (rows == MPK_PANEL_HEIGHT && pixel_count == vectors * p->lanes && within + pixel_count <= plane) {
        const int64_t offset = (image * p->shape.out_channels + channel) * plane + within;
        job.partial = partial ? partial + offset : NULL;
        job.residual = residual ? residual + offset : NULL;
        job.output = r->output + offset;
        job.partial_stride = job.residual_stride = job.output_stride = plane;
        r->table->tile(&job, vectors);
        for (int32_t row = 0; activates && row < rows; row++) {
            float *values = job.output + row * plane;
            mpk_unary(e->activation, e->activation_alpha, e->activation_beta, values, values, pixel_count);
        }
        return;
    }
    // Past an edge, or over a seam between images: the tile works on a copy of its outputs.
    float tile[MPK_PANEL_HEIGHT * MPK_MAX_PANEL_WIDTH] __attribute__((aligned(64)));
    float added[MPK_PANEL_HEIGHT * MPK_MAX_PANEL_WIDTH] __attribute__((aligned(64)));
    const int32_t is_partial = rows < MPK_PANEL_HEIGHT || pixel_count < vectors * p->lanes;
    if (partial) {
        if (is_partial) memset(tile, 0, sizeof tile);
        r->table->gather(p, partial + channel * plane, rows, first_pixel, pixel_count, tile);
        job.partial = tile;
    }
    if (residual) {
        if (is_partial) memset(added, 0, sizeof added);
        r->table->gather(p, residual + channel * plane, rows, first_pixel, pixel_count, added);
        job.residual = added;
    }
    job.output = tile;
    job.partial_stride = job.residual_stride = job.output_stride = MPK_MAX_PANEL_WIDTH;
    r->table->tile(&job, vectors);
    for (int32_t row = 0; activates && row < rows; row++) {
        float *values = tile + row * MPK_MAX_PANEL_WIDTH;
        mpk_unary(e->activation, e->activation_alpha, e->activation_beta, values, values, pixel_count);
    }
    r->table->scatter(p, r->output + channel * plane, rows, first_pixel, pixel_count, tile);
}

static void run_block(const run_state *r, const block *b) {
    const mpk_conv_plan *p = r->plan;
    const float *input = r->input + (b->group * p->group_in + b->first_depth / p->taps) * p->in_plane;
    const int64_t panel_floats = b->depth * p->panel_width;
    mpk_tap_range taps[MPK_MAX_BLOCK_PANELS];
    for (int64_t at = 0; at < p->block_panels; at++) taps[at] = (mpk_tap_range){0, (int32_t)p->taps};
    if (p->pointwise) {
        r->table->pack_pointwise(p, input, b->depth, b->first_pixel, b->end_pixel, panel_floats, r->columns);
    } else {
        for (int64_t pixel = b->first_pixel, at = 0; pixel < b->end_pixel; pixel += p->panel_width, at++) {
            const int64_t left = b->end_pixel - pixel;
            const int32_t count = left < p->panel_width ? (int32_t)left : p->panel_width;
            if (r->leaves_taps) taps[at] = mpk_conv_live_taps(p, pixel, count);
            r->table->pack(p, input, b->depth / p->taps, pixel, count, vectors_for(p, count), taps[at],
                           r->columns + at * panel_floats);
        }
    }
    for (int64_t panel = b->first_panel; panel < b->end_panel; panel++) {
        const int64_t within = panel * MPK_PANEL_HEIGHT;
        const int64_t channel = b->group * p->group_out + within;
        const int64_t left_rows = p->group_out - within;
        const int32_t rows = left_rows < MPK_PANEL_HEIGHT ? (int32_t)left_rows : MPK_PANEL_HEIGHT;
        float bias[MPK_PANEL_HEIGHT] = {0};
        if (r->epilogue->bias) memcpy(bias, r->epilogue->bias + channel, (size_t)rows * sizeof(float));
        const float *weights =
            r->packed + ((b->group * p->channel_panels + panel) * p->depth + b->first_depth) * MPK_PANEL_HEIGHT;
        for (int64_t pixel = b->first_pixel, at = 0; pixel < b->end_pixel; pixel += p->panel_width, at++) {
            const int64_t left = b->end_pixel - pixel;
            const int32_t count = left < p->panel_width ? (int32_t)left : p->panel_width;
            run_tile(r, b, channel, rows, bias, weights, r->columns + at * panel_floats, taps[at], pixel, count);
        }
    }
}

static void run_unit(const run_state *r, const mpk_conv_split *split, int64_t unit) {
    const mpk_conv_plan *p = r->plan;
    const int64_t pixel_block = unit % split->pixel_blocks;
    const int64_t channel_block = unit / split->pixel_blocks % split->channel_blocks;
    block b = {.group = unit / split->pixel_blocks / split->channel_blocks};
    b.first_panel = channel_block * p->channel_panels / split->channel_blocks;
    b.end_panel = (channel_block + 1) * p->channel_panels / split->channel_blocks;
    const int64_t first = pixel_block * p->pixel_panels / split->pixel_blocks;
    const int64_t end = (pixel_block + 1) * p->pixel_panels / split->pixel_blocks;
    for (int64_t at = first; at < end; at += p->block_panels) {
        const int64_t stop = end - at < p->block_panels ? end : at + p->block_panels;
        b.first_pixel = at * p->panel_width;
        b.end_pixel = stop * p->panel_width < p->pixels ? stop * p->panel_width : p->pixels;
        for (int64_t channel = 0; channel < p->group_in; channel += p->chunk_channels) {
            const int64_t left = p->group_in - channel;
            b.first_depth = channel * p->taps;
            b.depth = (left < p->chunk_channels ? left : p->chunk_channels) * p->taps;
            b.is_first = channel == 0;
            b.is_last = left <= p->chunk_channels;
            run_block(r, &b);
        }
    }
}

// Whether there is neither an infinity nor a NaN among the weights of these channels. Zero times one of them is NaN, so
// that padding counts.
static int32_t weights_are_finite(const mpk_conv_plan *p, const float *packed) {
    const int64_t count = p->shape.groups * p->channel_panels * MPK_PANEL_HEIGHT * p->depth;
    float sum[16] = {0};
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        for (int lane = 0; lane < 16; lane++) sum[lane] += 0 * packed[i + lane];
    }
    for (; i < count; i++) sum[0] += 0 * packed[i];
    for (int lane = 0; lane < 16; lane++) {
        if (sum[lane] != 0) return 0;
    }
    return 1;
}

void mpk_conv_run_task(const mpk_conv_shape *shape, const float *input, const float *packed,
                       const mpk_epilogue *epilogue, float *output, int32_t task, int32_t task_count,
                       void *scratch) {
    const mpk_conv_table *table = mpk_conv_current_table();
    const mpk_conv_plan plan = mpk_conv_make_plan(shape, table);
    if (plan.depthwise) {
        mpk_conv_run_depthwise(&plan, table, input, packed, epilogue, output, task, task_count);
        return;
    }
    run_state r = {.plan = &plan, .table = table, .input = input, .packed = packed, .epilogue = epilogue,
                   .output = output, .columns = scratch};
    r.clips = mpk_activation_as_clip(epilogue, &r.lower, &r.upper);
    r.leaves_taps = plan.has_idle_taps && weights_are_finite(&plan, packed);
    const mpk_conv_split split = mpk_conv_make_split(&plan, task_count);
    const int64_t first = task * split.units / task_count, end = (task + 1) * split.units / task_count;
    for (int64_t unit = first; unit < end; unit++) run_unit(&r, &split, unit);
}
