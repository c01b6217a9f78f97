// Recurrent cells: products of the state by the register tile of the matrix product, then the gates of each block while
// they are in first-level cache.
#include <math.h>
#include <string.h>
#include "linear_internal.h"
#include "mpk_elementwise.h"
#include "mpk_recurrent.h"

enum { panel = MPK_LINEAR_WIDTH };

static int64_t block_count(const mpk_cell *c) { return (c->hidden + panel - 1) / panel; }

int32_t mpk_cell_gate_count(int32_t kind) {
    switch (kind) {
    case MPK_CELL_LSTM: return 4;
    case MPK_CELL_GRU:
    case MPK_CELL_GRU_RESET_AFTER: return 3;
    default: return 1;
    }
}

int32_t mpk_cell_phase_count(int32_t kind) { return kind == MPK_CELL_GRU ? 2 : 1; }

size_t mpk_cell_scratch_byte_count(const mpk_cell *c) {
    return (size_t)(c->batch * (c->hidden + panel)) * sizeof(float);
}

// MARK: Products

// Where a product goes: output[row][panel] with a row's stride, on top of what `addend` holds there.
typedef struct {
    const float *weights;  // [hidden][panel]
    const float *addend;   // rows at the output's stride, or null
    const float *bias;     // [panel] or null
    float *output;
    int64_t stride;
} product_place;

// The rows of a state as tiles of nearly equal height, each transposed to [hidden][rows of the tile].
typedef struct {
    const mpk_linear_table *table;
    int64_t tiles;
    const float *state;
    const float *transposed;
} tiled_state;

static tiled_state tile_state(const mpk_cell *c, const float *state, float *scratch) {
    const int64_t units = block_count(c) * panel;
    tiled_state result = {.table = mpk_linear_table_in_force(), .state = state, .transposed = scratch};
    result.tiles = (c->batch + result.table->most_rows - 1) / result.table->most_rows;
    if (c->batch == 1) return result;
    for (int64_t tile = 0; tile < result.tiles; tile++) {
        const int64_t first = tile * c->batch / result.tiles, end = (tile + 1) * c->batch / result.tiles;
        for (int64_t row = first; row < end; row++) {
            const float *source = state + row * units;
            float *to = scratch + first * c->hidden + row - first;
            for (int64_t k = 0; k < c->hidden; k++) to[k * (end - first)] = source[k];
        }
    }
    return result;
}

static void add_product(const mpk_cell *c, const tiled_state *s, product_place place) {
    for (int64_t tile = 0; tile < s->tiles; tile++) {
        const int64_t first = tile * c->batch / s->tiles, end = (tile + 1) * c->batch / s->tiles;
        const mpk_linear_job job = {.depth = c->hidden,
                                    .input = c->batch == 1 ? s->state : s->transposed + first * c->hidden,
                                    .weights = place.weights,
                                    .bias = place.bias,
                                    .residual = place.addend ? place.addend + first * place.stride : NULL,
                                    .output = place.output + first * place.stride,
                                    .output_stride = place.stride,
                                    .lower = -INFINITY,
                                    .upper = INFINITY};
        s->table->tile(&job, (int32_t)(end - first));
    }
}

// Adds the products of some gates of a block to its sums.
static void add_gates(const mpk_cell *c, const mpk_cell_step *step, const tiled_state *state, int64_t block,
                      int32_t first_gate, int32_t end_gate) {
    const int64_t gates = mpk_cell_gate_count(c->kind);
    for (int32_t gate = first_gate; gate < end_gate; gate++) {
        float *sums = step->sums + (block * gates + gate) * panel;
        add_product(c, state,
                    (product_place){.weights = step->recurrent + (block * gates + gate) * panel * c->hidden,
                                    .addend = sums, .output = sums, .stride = block_count(c) * gates * panel});
    }
}

// MARK: Gates

// One block of one item.
typedef struct {
    float *sums;  // [gates][panel]
    int64_t at;   // of the block in an array of [batch][units]
    int64_t unit; // of the block in an array of [units]
} block_row;

static void activate(const mpk_cell *c, const mpk_cell_function *function, float *values, int64_t count) {
    if (c->clip < INFINITY) mpk_unary(MPK_CLIP, -c->clip, c->clip, values, values, count);
    mpk_unary(function->code, function->alpha, function->beta, values, values, count);
}

static void run_simple(const mpk_cell *c, const mpk_cell_step *step, const block_row *row) {
    activate(c, &c->f, row->sums, panel);
    memcpy(step->next + row->at, row->sums, panel * sizeof(float));
}

static void add_peephole(float *gate, const float *peephole, const float *cell) {
    for (int i = 0; i < panel; i++) gate[i] += peephole[i] * cell[i];
}

static void run_lstm(const mpk_cell *c, const mpk_cell_step *step, const block_row *row) {
    const int64_t units = block_count(c) * panel;
    float *in = row->sums, *out = in + panel, *forget = out + panel, *candidate = forget + panel;
    float *cell = step->memory + row->at, *next = step->next + row->at;
    if (step->peepholes) {
        const float *peepholes = step->peepholes + row->unit;
        add_peephole(in, peepholes, cell);
        add_peephole(forget, peepholes + 2 * units, cell);
        activate(c, &c->f, in, panel);
        activate(c, &c->f, forget, panel);
    } else {
        activate(c, &c->f, in, 3 * panel);
    }
    activate(c, &c->g, candidate, panel);
    if (c->couples_input_forget) {
        for (int i = 0; i < panel; i++) forget[i] = 1.0f - in[i];
    }
    for (int i = 0; i < panel; i++) cell[i] = forget[i] * cell[i] + in[i] * candidate[i];
    if (step->peepholes) {
        add_peephole(out, step->peepholes + units + row->unit, cell);
        activate(c, &c->f, out, panel);
    }
    mpk_unary(c->h.code, c->h.alpha, c->h.beta, cell, candidate, panel);
    for (int i = 0; i < panel; i++) next[i] = out[i] * candidate[i];
}

static void finish_gru(const mpk_cell *c, const mpk_cell_step *step, const block_row *row) {
    const float *update = row->sums, *previous = step->previous + row->at;
    float *hidden = row->sums + 2 * panel, *next = step->next + row->at;
    activate(c, &c->g, hidden, panel);
    for (int i = 0; i < panel; i++) next[i] = (1.0f - update[i]) * hidden[i] + update[i] * previous[i];
}

// The gates of one block for all items, after its products. `product` [batch][panel] holds the hidden gate's own product
// for MPK_CELL_GRU_RESET_AFTER.
static void run_gates(const mpk_cell *c, const mpk_cell_step *step, int32_t phase, int64_t block,
                      const float *product) {
    const int64_t gates = mpk_cell_gate_count(c->kind), blocks = block_count(c);
    for (int64_t item = 0; item < c->batch; item++) {
        const block_row row = {.sums = step->sums + (item * blocks + block) * gates * panel,
                               .at = (item * blocks + block) * panel,
                               .unit = block * panel};
        const int64_t width = c->hidden - row.unit < panel ? c->hidden - row.unit : panel;
        const int32_t last_phase = phase == mpk_cell_phase_count(c->kind) - 1;
        float *output = last_phase && step->output ? step->output + item * step->output_stride + row.unit : NULL;
        if (step->lengths && step->time >= step->lengths[item]) {
            if (!last_phase) continue;
            memcpy(step->next + row.at, step->previous + row.at, panel * sizeof(float));
            if (output) memset(output, 0, (size_t)width * sizeof(float));
            continue;
        }
        switch (c->kind) {
        case MPK_CELL_LSTM: run_lstm(c, step, &row); break;
        case MPK_CELL_GRU:
            if (phase == 0) {
                activate(c, &c->f, row.sums, 2 * panel);
                const float *reset = row.sums + panel, *previous = step->previous + row.at;
                float *masked = step->masked + row.at;
                for (int i = 0; i < panel; i++) masked[i] = reset[i] * previous[i];
            } else {
                finish_gru(c, step, &row);
            }
            break;
        case MPK_CELL_GRU_RESET_AFTER: {
            activate(c, &c->f, row.sums, 2 * panel);
            const float *reset = row.sums + panel, *inside = product + item * panel;
            float *hidden = row.sums + 2 * panel;
            for (int i = 0; i < panel; i++) hidden[i] += reset[i] * inside[i];
            finish_gru(c, step, &row);
            break;
        }
        default: run_simple(c, step, &row); break;
        }
        if (output) memcpy(output, step->next + row.at, (size_t)width * sizeof(float));
    }
}

void mpk_cell_run(const mpk_cell *c, const mpk_cell_step *step, int32_t phase, int64_t first_block,
                  int64_t end_block, void *scratch) {
    const int64_t gates = mpk_cell_gate_count(c->kind);
    float *transposed = scratch, *product = transposed + c->batch * c->hidden;
    const tiled_state state = tile_state(c, phase == 0 ? step->previous : step->masked, transposed);
    for (int64_t block = first_block; block < end_block; block++) {
        switch (c->kind) {
        case MPK_CELL_GRU: add_gates(c, step, &state, block, phase == 0 ? 0 : 2, phase == 0 ? 2 : 3); break;
        case MPK_CELL_GRU_RESET_AFTER:
            add_gates(c, step, &state, block, 0, 2);
            add_product(c, &state,
                        (product_place){.weights = step->recurrent + (block * gates + 2) * panel * c->hidden,
                                        .bias = step->recurrent_bias + block * panel, .output = product,
                                        .stride = panel});
            break;
        default: add_gates(c, step, &state, block, 0, (int32_t)gates); break;
        }
        run_gates(c, step, phase, block, product);
    }
}
