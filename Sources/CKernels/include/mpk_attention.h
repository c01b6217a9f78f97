// Scaled dot-product attention of one head: output = softmax(scale * Q * K^T, masked) * V, without the scores ever
// being whole in memory. Works on panels of 32 queries, each against all keys that it sees.
//
// Bits: a score is one chain of multiply-adds over head_dim, a sum of exponentials one chain over the keys, an output
// element one chain over the keys, divided last. So a query's result depends neither on the other queries nor on the
// panels, and is the same for AVX2 and AVX-512.
#ifndef MPK_ATTENTION_H
#define MPK_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

/// Queries per panel.
enum { MPK_ATTENTION_PANEL = 32 };

typedef struct {
    int64_t queries;            // rows of Q
    int64_t keys;               // rows of K and of V, over both segments
    int64_t head_dim;           // columns of Q and K
    int64_t value_dim;          // columns of V and the output
    float scale;                // of the products
    float softcap;              // where not 0, scores become softcap * tanh(score / softcap)
    int32_t zeroes_empty_rows;  // whether a query that sees no key gets zeros, not NaN
} mpk_attention_shape;

/// Keys and values that lie together; past ones may lie elsewhere than new ones.
typedef struct {
    const float *keys;    // [count][head_dim], key_stride floats apart
    const float *values;  // [count][value_dim], value_stride floats apart
    int64_t count, key_stride, value_stride;
} mpk_attention_segment;

typedef struct {
    const float *query;  // [queries][head_dim], query_stride floats apart
    float *output;       // [queries][value_dim], output_stride floats apart
    int64_t query_stride, output_stride;
    mpk_attention_segment segments[2];
    /// [queries][keys] with these strides (0 where stretched): numbers to add, or flags of what takes part. At most one
    /// of them is not null.
    const float *mask_numbers;
    const uint8_t *mask_flags;
    int64_t mask_query_stride, mask_key_stride;
    /// Query i sees key j for i + lowest <= j <= i + highest and j < key_limit; all within +-2^60.
    int64_t lowest, highest, key_limit;
} mpk_attention_head;

/// Bytes of scratch one thread needs, to be aligned to 64.
size_t mpk_attention_scratch_byte_count(const mpk_attention_shape *shape);

/// Computes the queries panel * 32 ..< (panel + 1) * 32, as many of them as there are.
void mpk_attention_run_panel(const mpk_attention_shape *shape, const mpk_attention_head *head, int64_t panel,
                             void *scratch);

#endif
