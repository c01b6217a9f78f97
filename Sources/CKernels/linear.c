// The matrix product: sizes, packing, tasks, and the loop nest row block > depth chunk > feature panel > register tile.
// Partial sums between depth chunks live in the output, as in the convolution.
#include <math.h>
#include <string.h>
#include "activation_internal.h"
#include "level_portable.h"
#include "linear_internal.h"
#include "mpk_cpu.h"
#include "mpk_elementwise.h"
#include "transpose_template.h"

// Register tiles of rows that share a pass over the weights.
enum { tiles_per_pass = 12 };
// As in conv_plan.c: in multiply-adds of 16 lanes.
static const int64_t smallest_task = 40000;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

const mpk_linear_table *mpk_linear_table_in_force(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_linear_table_avx512;
    case MPK_CPU_AVX2: return &mpk_linear_table_avx2;
    default: break;
    }
#endif
    return &mpk_linear_table_portable;
}

int32_t mpk_linear_is_valid(const mpk_linear_shape *s) {
    return s->rows > 0 && s->depth > 0 && s->out_features > 0 &&
           (s->input_row_stride == 0 || s->input_row_stride >= s->depth) &&
           (s->output_row_stride == 0 || s->output_row_stride >= s->out_features) &&
           (s->weight_layout == MPK_WEIGHTS_DEPTH_OUT || s->weight_layout == MPK_WEIGHTS_OUT_DEPTH);
}

int32_t mpk_linear_panel_width(void) { return MPK_LINEAR_WIDTH; }

size_t mpk_linear_packed_weight_count(const mpk_linear_shape *s) {
    return (size_t)(ceil_div(s->out_features, MPK_LINEAR_WIDTH) * MPK_LINEAR_WIDTH) * (size_t)s->depth;
}

void mpk_linear_pack_weights_slice(const mpk_linear_shape *s, int64_t first_feature, int64_t feature_count,
                                   int64_t first_depth, int64_t depth_count, const float *weights, float *packed) {
    const int64_t end = first_feature + feature_count;
    const int64_t feature_step = s->weight_layout == MPK_WEIGHTS_OUT_DEPTH ? depth_count : 1;
    const int64_t depth_step = s->weight_layout == MPK_WEIGHTS_OUT_DEPTH ? 1 : feature_count;
    for (int64_t feature = first_feature; feature < end;) {
        const int64_t lane = feature % MPK_LINEAR_WIDTH;
        const int64_t lanes = smaller(MPK_LINEAR_WIDTH - lane, end - feature);
        float *panel = packed + (feature - lane) * s->depth + first_depth * MPK_LINEAR_WIDTH;
        const float *source = weights + (feature - first_feature) * feature_step;
        for (int64_t k = 0; k < depth_count; k++) {
            float *row = panel + k * MPK_LINEAR_WIDTH;
            for (int64_t i = 0; i < lanes; i++) row[lane + i] = source[i * feature_step + k * depth_step];
            // The slice with the last feature also clears the lanes behind it.
            if (feature + lanes == s->out_features) {
                for (int64_t i = lane + lanes; i < MPK_LINEAR_WIDTH; i++) row[i] = 0;
            }
        }
        feature += lanes;
    }
}

void mpk_linear_pack_weights(const mpk_linear_shape *s, const float *weights, float *packed) {
    mpk_linear_pack_weights_slice(s, 0, s->out_features, 0, s->depth, weights, packed);
}

// A single tile reuses no weights: it reads a panel from end to end, since only the streaming counts.
static int32_t is_single_tile(const mpk_linear_shape *s, const mpk_linear_table *table) {
    return s->rows <= table->most_rows;
}

size_t mpk_linear_scratch_byte_count(const mpk_linear_shape *s) {
    if (is_single_tile(s, mpk_linear_table_in_force())) return (size_t)(s->rows * s->depth) * sizeof(float);
    const int64_t rows = smaller(s->rows, tiles_per_pass * MPK_LINEAR_MAX_ROWS);
    return (size_t)(rows * smaller(s->depth, MPK_LINEAR_CHUNK)) * sizeof(float);
}

typedef struct {
    int64_t row_blocks, panel_blocks;
} linear_split;

// Vector operations of one unit: products, transposing the input, streaming the weights once per pass.
static int64_t unit_cost(const mpk_linear_shape *s, int64_t row_blocks, int64_t panel_blocks) {
    const int64_t rows = ceil_div(s->rows, row_blocks);
    const int64_t panels = ceil_div(ceil_div(s->out_features, MPK_LINEAR_WIDTH), panel_blocks);
    const int64_t passes = ceil_div(rows, tiles_per_pass * MPK_LINEAR_MAX_ROWS);
    return (rows * panels * 2 + rows + passes * panels * 8) * s->depth;
}

static linear_split make_split(const mpk_linear_shape *s, int64_t task_count) {
    const int64_t panels = ceil_div(s->out_features, MPK_LINEAR_WIDTH);
    linear_split best = {1, 1};
    int64_t best_cost = INT64_MAX;
    for (int64_t panel_blocks = 1; panel_blocks <= smaller(panels, smaller(task_count, 256)); panel_blocks++) {
        const int64_t row_blocks = smaller(ceil_div(task_count, panel_blocks), s->rows);
        const int64_t cost =
            unit_cost(s, row_blocks, panel_blocks) * ceil_div(row_blocks * panel_blocks, task_count);
        if (cost < best_cost) {
            best_cost = cost;
            best = (linear_split){row_blocks, panel_blocks};
        }
    }
    return best;
}

int32_t mpk_linear_task_count(const mpk_linear_shape *s, int32_t threads) {
    if (threads <= 1) return 1;
    const int64_t most = larger(1, unit_cost(s, 1, 1) / smallest_task);
    if (most < threads) return (int32_t)most;
    return (int32_t)(threads * smaller(most / threads, 3));
}

typedef struct {
    const mpk_linear_shape *shape;
    const mpk_linear_table *table;
    const float *input, *packed;
    const mpk_epilogue *epilogue;
    float *output;
    float *transposed;  // scratch: [tile][chunk depth][rows of the tile]
    int64_t input_stride, output_stride;
    float lower, upper;
    int32_t clips;
} run_state;

// The few features of the last panel as rows of a whole one: source [rows][stride], edge [rows][MPK_LINEAR_WIDTH].
static const float *copy_edge(float *edge, const float *source, int32_t rows, int64_t width, int64_t stride) {
    memset(edge, 0, (size_t)rows * MPK_LINEAR_WIDTH * sizeof(float));
    for (int32_t row = 0; row < rows; row++) {
        memcpy(edge + row * MPK_LINEAR_WIDTH, source + row * stride, (size_t)width * sizeof(float));
    }
    return edge;
}

// One register tile: rows first_row ..< first_row + rows of one panel, one depth chunk.
static void run_tile(const run_state *r, int64_t panel, int64_t first_row, int32_t rows, const float *input,
                     int64_t first_depth, int64_t depth) {
    const mpk_linear_shape *s = r->shape;
    const mpk_epilogue *e = r->epilogue;
    const int64_t feature = panel * MPK_LINEAR_WIDTH;
    const int64_t width = smaller(MPK_LINEAR_WIDTH, s->out_features - feature);
    const int64_t offset = first_row * r->output_stride + feature;
    const int32_t is_last = first_depth + depth == s->depth;
    const float *partial = first_depth > 0 ? r->output + offset : NULL;
    const float *bias = is_last && e->bias ? e->bias + feature : NULL;
    const float *residual = is_last && e->residual ? e->residual + offset : NULL;
    enum { edge_count = MPK_LINEAR_MAX_ROWS * MPK_LINEAR_WIDTH };
    float edge[edge_count], edge_residual[edge_count], edge_bias[MPK_LINEAR_WIDTH] = {0};
    mpk_linear_job job = {.depth = depth, .input = input,
                          .weights = r->packed + feature * s->depth + first_depth * MPK_LINEAR_WIDTH,
                          .partial = partial, .bias = bias, .residual = residual,
                          .output = r->output + offset, .output_stride = r->output_stride,
                          .lower = is_last ? r->lower : -INFINITY, .upper = is_last ? r->upper : INFINITY};
    if (width < MPK_LINEAR_WIDTH) {
        if (partial) job.partial = copy_edge(edge, partial, rows, width, r->output_stride);
        if (residual) job.residual = copy_edge(edge_residual, residual, rows, width, r->output_stride);
        if (bias) job.bias = memcpy(edge_bias, bias, (size_t)width * sizeof(float));
        job.output = edge;
        job.output_stride = MPK_LINEAR_WIDTH;
    }
    r->table->tile(&job, rows);
    for (int32_t row = 0; row < rows; row++) {
        float *values = r->output + offset + row * r->output_stride;
        if (width < MPK_LINEAR_WIDTH) memcpy(values, edge + row * MPK_LINEAR_WIDTH, (size_t)width * sizeof(float));
        if (is_last && !r->clips) {
            mpk_unary(e->activation, e->activation_alpha, e->activation_beta, values, values, width);
        }
    }
}

// Rows first_row ..< end_row, panels first_panel ..< end_panel, in passes over the weights.
static void run_unit(const run_state *r, int64_t first_row, int64_t end_row, int64_t first_panel, int64_t end_panel) {
    const int64_t depth = r->shape->depth;
    // Tiles of nearly equal height: 13 rows are 7 + 6, not 12 + 1.
    const int64_t rows = end_row - first_row, tiles = ceil_div(rows, r->table->most_rows);
    for (int64_t pass = 0; pass < tiles; pass += tiles_per_pass) {
        const int64_t end_tile = smaller(pass + tiles_per_pass, tiles);
        const int64_t most = is_single_tile(r->shape, r->table) ? depth : MPK_LINEAR_CHUNK;
        for (int64_t k = 0; k < depth; k += most) {
            const int64_t chunk = smaller(depth - k, most);
            const float *inputs[tiles_per_pass];
            float *free_scratch = r->transposed;
            for (int64_t tile = pass; tile < end_tile; tile++) {
                const int64_t row = first_row + tile * rows / tiles;
                const int64_t height = first_row + (tile + 1) * rows / tiles - row;
                const float *source = r->input + row * r->input_stride + k;
                inputs[tile - pass] = height == 1 ? source : free_scratch;
                if (height == 1) continue;
                mpk_transpose(source, r->input_stride, free_scratch, height, height, chunk, 1.0f);
                free_scratch += height * chunk;
            }
            for (int64_t panel = first_panel; panel < end_panel; panel++) {
                for (int64_t tile = pass; tile < end_tile; tile++) {
                    const int64_t row = first_row + tile * rows / tiles;
                    const int64_t height = first_row + (tile + 1) * rows / tiles - row;
                    run_tile(r, panel, row, (int32_t)height, inputs[tile - pass], k, chunk);
                }
            }
        }
    }
}

void mpk_linear_run_task(const mpk_linear_shape *s, const float *input, const float *packed,
                         const mpk_epilogue *epilogue, float *output, int32_t task, int32_t task_count,
                         void *scratch) {
    run_state r = {.shape = s, .table = mpk_linear_table_in_force(), .input = input, .packed = packed,
                   .epilogue = epilogue, .output = output, .transposed = scratch,
                   .input_stride = s->input_row_stride ? s->input_row_stride : s->depth,
                   .output_stride = s->output_row_stride ? s->output_row_stride : s->out_features};
    r.clips = mpk_activation_as_clip(epilogue, &r.lower, &r.upper);
    const int64_t panels = ceil_div(s->out_features, MPK_LINEAR_WIDTH);
    const linear_split split = make_split(s, task_count);
    const int64_t units = split.row_blocks * split.panel_blocks;
    for (int64_t unit = task * units / task_count; unit < (task + 1) * units / task_count; unit++) {
        const int64_t row_block = unit / split.panel_blocks, panel_block = unit % split.panel_blocks;
        run_unit(&r, row_block * s->rows / split.row_blocks, (row_block + 1) * s->rows / split.row_blocks,
                 panel_block * panels / split.panel_blocks, (panel_block + 1) * panels / split.panel_blocks);
    }
}
