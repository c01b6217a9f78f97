// Reductions over a row in an order of their own: 16 partial results, whatever the vector length, folded in a fixed
// tree. So a row reduces to the same bits at every level with fused multiply-add.
#ifndef MPK_REDUCTION_TEMPLATE_H
#define MPK_REDUCTION_TEMPLATE_H

#include <math.h>
#include <stdint.h>

enum { mpk_partials = 16, mpk_partial_vectors = 16 / MPK_LANES };

typedef struct {
    mpk_v part[mpk_partial_vectors];
} mpk_partial;

MPK_INLINE mpk_partial mpk_partial_splat(float x) {
    mpk_partial all;
    for (int v = 0; v < mpk_partial_vectors; v++) all.part[v] = mpk_splat(x);
    return all;
}

/// How many of the elements i ..< n fall into vector v of the partials at i.
MPK_INLINE int32_t mpk_partial_lanes(int64_t i, int64_t n, int v) {
    const int64_t left = n - i - v * MPK_LANES;
    return left <= 0 ? 0 : (left < MPK_LANES ? (int32_t)left : MPK_LANES);
}

/// The first `count` lanes of `value`, the others `fill`.
MPK_INLINE mpk_v mpk_keep_first(mpk_v value, int32_t count, float fill) {
    float lanes[MPK_LANES];
    mpk_store(lanes, mpk_splat(fill));
    mpk_store_first(lanes, count, value);
    return mpk_load(lanes);
}

MPK_INLINE float mpk_fold_sum(mpk_partial p) {
    float sums[mpk_partials];
    for (int v = 0; v < mpk_partial_vectors; v++) mpk_store(sums + v * MPK_LANES, p.part[v]);
    for (int half = mpk_partials / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) sums[i] += sums[i + half];
    }
    return sums[0];
}

MPK_INLINE mpk_v mpk_larger_or_nan(mpk_v a, mpk_v b) {
    const mpk_v larger = a > b ? a : b;
    return a == a ? larger : a;
}

MPK_INLINE float mpk_row_max(const float *x, int64_t n) {
    mpk_v largest = mpk_splat(-INFINITY);
    int64_t i = 0;
    for (; i + MPK_LANES <= n; i += MPK_LANES) largest = mpk_larger_or_nan(largest, mpk_load(x + i));
    float result = -INFINITY;
    for (int lane = 0; lane < MPK_LANES; lane++) {
        if (largest[lane] > result || largest[lane] != largest[lane]) result = largest[lane];
        if (result != result) return result;
    }
    for (; i < n; i++) {
        if (x[i] > result || x[i] != x[i]) result = x[i];
        if (result != result) return result;
    }
    return result;
}

// sum of expression(x[i]); `value` names the loaded vector.
#define MPK_ROW_SUM(result, x, n, expression)                                                                         \
    float result;                                                                                                     \
    do {                                                                                                              \
        mpk_partial total = mpk_partial_splat(0);                                                                     \
        int64_t i = 0;                                                                                                \
        for (; i + mpk_partials <= (n); i += mpk_partials) {                                                          \
            for (int v = 0; v < mpk_partial_vectors; v++) {                                                           \
                const mpk_v value = mpk_load((x) + i + v * MPK_LANES);                                                \
                total.part[v] += (expression);                                                                        \
            }                                                                                                         \
        }                                                                                                             \
        for (int v = 0; i < (n) && v < mpk_partial_vectors; v++) {                                                    \
            const int32_t lanes = mpk_partial_lanes(i, n, v);                                                         \
            const mpk_v value = mpk_load_first((x) + i + v * MPK_LANES, lanes);                                       \
            total.part[v] += mpk_keep_first((expression), lanes, 0);                                                  \
        }                                                                                                             \
        result = mpk_fold_sum(total);                                                                                 \
    } while (0)

#endif
