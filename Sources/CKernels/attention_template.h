// Attention over one panel of queries, compiled once per level. Everything lies with the queries innermost: a vector
// holds one number each of several queries, so that soft maxima need no sums across a vector, and keys and values are
// read where they lie, one element for all lanes.
#include <math.h>
#include "attention_internal.h"
#include "transpose_template.h"

enum {
    panel_width = MPK_ATTENTION_PANEL,
    // Register tile: rows x 2 vectors of queries.
    attention_rows = MPK_LINEAR_ROWS,
    attention_vectors = MPK_LINEAR_ACCUMULATORS / MPK_LINEAR_ROWS,
    slice_width = attention_vectors * MPK_LANES,
    mask_chunk = 16,
};

// scores[row][slice] = keys[row][depth] x queries[depth][slice]
MPK_INLINE void score_tile(const float *keys, int64_t stride, const float *queries, int64_t depth, float *scores,
                           const int rows, const int vectors) {
    mpk_v sum[MPK_LINEAR_ROWS][attention_vectors];
    const float *row_of[MPK_LINEAR_ROWS];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        row_of[row] = keys + row * stride;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[row][v] = mpk_splat(0);
    }
    for (int64_t k = 0; k < depth; k++) {
        __asm__ volatile("" ::: "memory");  // see conv_tile_template.h
        mpk_v query[attention_vectors];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) query[v] = mpk_load(queries + k * panel_width + v * MPK_LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            const mpk_v value = mpk_splat(row_of[row][k]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[row][v] = mpk_fma(value, query[v], sum[row][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) mpk_store(scores + row * panel_width + v * MPK_LANES, sum[row][v]);
    }
}

// output[row][slice] (+)= values[key][row] x weights[key][slice], over `count` keys
MPK_INLINE void value_tile(const float *values, int64_t stride, const float *weights, int64_t count, float *output,
                           int32_t continues, const int rows, const int vectors) {
    mpk_v sum[MPK_LINEAR_ROWS][attention_vectors];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            sum[row][v] = continues ? mpk_load(output + row * panel_width + v * MPK_LANES) : mpk_splat(0);
        }
    }
    for (int64_t key = 0; key < count; key++) {
        __asm__ volatile("" ::: "memory");  // see conv_tile_template.h
        mpk_v weight[attention_vectors];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) weight[v] = mpk_load(weights + v * MPK_LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            const mpk_v value = mpk_splat(values[row]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[row][v] = mpk_fma(value, weight[v], sum[row][v]);
        }
        values += stride;
        weights += panel_width;
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) mpk_store(output + row * panel_width + v * MPK_LANES, sum[row][v]);
    }
}

#define MPK_ROW_CASE(count, call)                                                                                     \
    case count: {                                                                                                     \
        enum { rows = count };                                                                                        \
        call;                                                                                                         \
    } break
#if MPK_LINEAR_ROWS > 6
#define MPK_FOR_ROWS(height, call)                                                                                    \
    switch (height) {                                                                                                 \
        MPK_ROW_CASE(1, call); MPK_ROW_CASE(2, call); MPK_ROW_CASE(3, call); MPK_ROW_CASE(4, call);                   \
        MPK_ROW_CASE(5, call); MPK_ROW_CASE(6, call); MPK_ROW_CASE(7, call); MPK_ROW_CASE(8, call);                   \
        MPK_ROW_CASE(9, call); MPK_ROW_CASE(10, call); MPK_ROW_CASE(11, call); MPK_ROW_CASE(12, call);                \
    default: break;                                                                                                   \
    }
#elif MPK_LINEAR_ROWS > 4
#define MPK_FOR_ROWS(height, call)                                                                                    \
    switch (height) {                                                                                                 \
        MPK_ROW_CASE(1, call); MPK_ROW_CASE(2, call); MPK_ROW_CASE(3, call); MPK_ROW_CASE(4, call);                   \
        MPK_ROW_CASE(5, call); MPK_ROW_CASE(6, call);                                                                 \
    default: break;                                                                                                   \
    }
#else
#define MPK_FOR_ROWS(height, call)                                                                                    \
    switch (height) {                                                                                                 \
        MPK_ROW_CASE(1, call); MPK_ROW_CASE(2, call); MPK_ROW_CASE(3, call); MPK_ROW_CASE(4, call);                   \
    default: break;                                                                                                   \
    }
#endif

static MPK_TARGET void run_score_tile(const float *keys, int64_t stride, const float *queries, int64_t depth,
                                      float *scores, int32_t height, int32_t vectors) {
    if (vectors == 1) {
        MPK_FOR_ROWS(height, score_tile(keys, stride, queries, depth, scores, rows, 1))
    } else {
        MPK_FOR_ROWS(height, score_tile(keys, stride, queries, depth, scores, rows, 2))
    }
}

static MPK_TARGET void run_value_tile(const float *values, int64_t stride, const float *weights, int64_t count,
                                      float *output, int32_t continues, int32_t height, int32_t vectors) {
    if (vectors == 1) {
        MPK_FOR_ROWS(height, value_tile(values, stride, weights, count, output, continues, rows, 1))
    } else {
        MPK_FOR_ROWS(height, value_tile(values, stride, weights, count, output, continues, rows, 2))
    }
}
#undef MPK_FOR_ROWS
#undef MPK_ROW_CASE

typedef struct {
    const mpk_attention_shape *shape;
    const mpk_attention_head *head;
    int64_t first_query, query_count;
    int64_t first_key, end_key;  // that some query of the panel sees
    float *queries;              // [head_dim][panel_width], scaled
    float *scores;               // [keys][panel_width]
    float *output;               // [value_dim][panel_width]
} attention_panel;

// Register vectors that the lanes from `lane` on need, of those in a slice.
MPK_INLINE int32_t vectors_at(const attention_panel *p, int64_t lane) {
    return p->query_count - lane <= MPK_LANES ? 1 : attention_vectors;
}

MPK_INLINE void compute_scores(const attention_panel *p) {
    const int64_t depth = p->shape->head_dim;
    int64_t first = 0;
    for (int segment = 0; segment < 2; segment++) {
        const mpk_attention_segment *s = &p->head->segments[segment];
        const int64_t begin = p->first_key > first ? p->first_key : first;
        const int64_t end = p->end_key < first + s->count ? p->end_key : first + s->count;
        for (int64_t key = begin; key < end; key += attention_rows) {
            const int32_t height = end - key < attention_rows ? (int32_t)(end - key) : attention_rows;
            const float *keys = s->keys + (key - first) * s->key_stride;
            for (int64_t lane = 0; lane < p->query_count; lane += slice_width) {
                run_score_tile(keys, s->key_stride, p->queries + lane, depth, p->scores + key * panel_width + lane,
                               height, vectors_at(p, lane));
            }
        }
        first += s->count;
    }
}

MPK_INLINE void compute_output(const attention_panel *p) {
    const int64_t depth = p->shape->value_dim;
    const int64_t tiles = (depth + attention_rows - 1) / attention_rows;
    int64_t first = 0;
    int32_t continues = 0;
    for (int segment = 0; segment < 2; segment++) {
        const mpk_attention_segment *s = &p->head->segments[segment];
        const int64_t begin = p->first_key > first ? p->first_key : first;
        const int64_t end = p->end_key < first + s->count ? p->end_key : first + s->count;
        // Where no key is seen the result is zeros, which the first segment writes.
        if (begin >= end && segment > 0) break;
        for (int64_t tile = 0; tile < tiles; tile++) {
            const int64_t row = tile * depth / tiles;
            const int32_t height = (int32_t)((tile + 1) * depth / tiles - row);
            const float *values = begin < end ? s->values + (begin - first) * s->value_stride + row : NULL;
            for (int64_t lane = 0; lane < p->query_count; lane += slice_width) {
                run_value_tile(values, s->value_stride, p->scores + begin * panel_width + lane,
                               end > begin ? end - begin : 0, p->output + row * panel_width + lane, continues, height,
                               vectors_at(p, lane));
            }
        }
        continues = 1;
        first += s->count;
    }
}

MPK_INLINE void soft_cap(const attention_panel *p, int64_t lane) {
    const mpk_v cap = mpk_splat(p->shape->softcap);
    for (int64_t key = p->first_key; key < p->end_key; key++) {
        float *scores = p->scores + key * panel_width + lane;
        mpk_store(scores, cap * mpk_tanh(mpk_load(scores) / cap));
    }
}

MPK_INLINE void add_numbers(const attention_panel *p, int64_t lane, int64_t lanes) {
    const mpk_attention_head *head = p->head;
    const float *numbers = head->mask_numbers + (p->first_query + lane) * head->mask_query_stride;
    float chunk[mask_chunk * MPK_LANES] = {0};  // [key][lane]
    for (int64_t first = p->first_key; first < p->end_key; first += mask_chunk) {
        const int64_t count = p->end_key - first < mask_chunk ? p->end_key - first : mask_chunk;
        const float *source = numbers + first * head->mask_key_stride;
        if (head->mask_query_stride == 0) {
            for (int64_t key = 0; key < count; key++) {
                mpk_store(chunk + key * MPK_LANES, mpk_splat(source[key * head->mask_key_stride]));
            }
        } else if (head->mask_key_stride == 1) {
            mpk_transpose(source, head->mask_query_stride, chunk, MPK_LANES, lanes, count, 1.0f);
        } else {
            for (int64_t key = 0; key < count; key++) {
                for (int64_t i = 0; i < lanes; i++) {
                    chunk[key * MPK_LANES + i] = source[i * head->mask_query_stride + key * head->mask_key_stride];
                }
            }
        }
        for (int64_t key = 0; key < count; key++) {
            float *scores = p->scores + (first + key) * panel_width + lane;
            mpk_store(scores, mpk_load(scores) + mpk_load(chunk + key * MPK_LANES));
        }
    }
}

MPK_INLINE void apply_flags(const attention_panel *p, int64_t lane, int64_t lanes) {
    const mpk_attention_head *head = p->head;
    const uint8_t *flags = head->mask_flags + (p->first_query + lane) * head->mask_query_stride;
    for (int64_t key = p->first_key; key < p->end_key; key++) {
        float *scores = p->scores + key * panel_width + lane;
        const uint8_t *source = flags + key * head->mask_key_stride;
        for (int64_t i = 0; i < lanes; i++) {
            if (!source[i * head->mask_query_stride]) scores[i] = -INFINITY;
        }
    }
}

// Lanes whose query is too early or too late for a key lose it.
MPK_INLINE void apply_window(const attention_panel *p, int64_t lane, int64_t lanes) {
    const mpk_attention_head *head = p->head;
    const int64_t query = p->first_query + lane;
    const mpk_v none = mpk_splat(-INFINITY);
    for (int64_t key = p->first_key; key < p->end_key; key++) {
        // Lane i sees the key for key - highest <= query + i <= key - lowest.
        const int64_t first = key - head->highest - query, last = key - head->lowest - query;
        if (first <= 0 && last >= lanes - 1) continue;
        const int32_t begin = first <= 0 ? 0 : (first < MPK_LANES ? (int32_t)first : MPK_LANES);
        const int32_t end = last < begin ? begin : (last + 1 < MPK_LANES ? (int32_t)last + 1 : MPK_LANES);
        float *scores = p->scores + key * panel_width + lane;
        mpk_store(scores, end > begin ? mpk_select(mpk_mask_range(begin, end), mpk_load(scores), none) : none);
    }
}

// Scores become exponentials; returns what the output is to be multiplied with.
MPK_INLINE mpk_v exponentiate(const attention_panel *p, int64_t lane) {
    mpk_v largest = mpk_splat(-INFINITY);
    for (int64_t key = p->first_key; key < p->end_key; key++) {
        const mpk_v score = mpk_load(p->scores + key * panel_width + lane);
        largest = score > largest ? score : largest;
    }
    const mpk_v base = largest == -INFINITY ? mpk_splat(0) : largest;
    mpk_v sum = mpk_splat(0);
    for (int64_t key = p->first_key; key < p->end_key; key++) {
        float *scores = p->scores + key * panel_width + lane;
        const mpk_v score = mpk_load(scores);
        // A masked one counts for nothing whatever the rest is; the exponential would leave a denormal.
        const mpk_v value = score == -INFINITY ? mpk_splat(0) : mpk_exp(score - base);
        mpk_store(scores, value);
        sum += value;
    }
    const mpk_v empty = p->shape->zeroes_empty_rows ? mpk_splat(0) : mpk_splat(NAN);
    return sum == 0.0f ? empty : 1.0f / sum;
}

static MPK_TARGET void run_attention_panel(const mpk_attention_shape *shape, const mpk_attention_head *head,
                                           int64_t panel, float *scratch) {
    attention_panel p = {.shape = shape, .head = head, .first_query = panel * panel_width};
    p.query_count = shape->queries - p.first_query < panel_width ? shape->queries - p.first_query : panel_width;
    p.queries = scratch;
    p.scores = p.queries + shape->head_dim * panel_width;
    p.output = p.scores + shape->keys * panel_width;
    // What the first query sees is the earliest, what the last one sees the latest.
    const int64_t earliest = p.first_query + head->lowest, latest = p.first_query + p.query_count + head->highest;
    const int64_t limit = head->key_limit < shape->keys ? head->key_limit : shape->keys;
    p.first_key = earliest > 0 ? earliest : 0;
    p.end_key = latest < limit ? latest : limit;
    if (p.end_key <= p.first_key) p.first_key = p.end_key = 0;

    if (p.query_count % slice_width) {
        for (int64_t k = 0; k < shape->head_dim; k++) {
            for (int64_t lane = p.query_count; lane < panel_width; lane++) p.queries[k * panel_width + lane] = 0;
        }
    }
    mpk_transpose(head->query + p.first_query * head->query_stride, head->query_stride, p.queries, panel_width,
                  p.query_count, shape->head_dim, shape->scale);
    compute_scores(&p);
    mpk_v factors[panel_width / MPK_LANES];
    for (int64_t lane = 0; lane < p.query_count; lane += MPK_LANES) {
        const int64_t lanes = p.query_count - lane < MPK_LANES ? p.query_count - lane : MPK_LANES;
        if (shape->softcap != 0) soft_cap(&p, lane);
        if (head->mask_numbers) add_numbers(&p, lane, lanes);
        if (head->mask_flags) apply_flags(&p, lane, lanes);
        apply_window(&p, lane, lanes);
        factors[lane / MPK_LANES] = exponentiate(&p, lane);
    }
    compute_output(&p);
    for (int64_t lane = 0; lane < p.query_count; lane += MPK_LANES) {
        for (int64_t row = 0; row < shape->value_dim; row++) {
            float *values = p.output + row * panel_width + lane;
            mpk_store(values, mpk_load(values) * factors[lane / MPK_LANES]);
        }
    }
    mpk_transpose(p.output, panel_width, head->output + p.first_query * head->output_stride, head->output_stride,
                  shape->value_dim, p.query_count, 1.0f);
}
