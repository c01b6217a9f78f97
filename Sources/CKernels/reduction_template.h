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

/// The sum of the partials: the upper half is added to the lower one, four times.
MPK_INLINE float mpk_fold_sum(mpk_partial p) {
    typedef float eight __attribute__((ext_vector_type(8)));
    typedef float four __attribute__((ext_vector_type(4)));
    typedef float two __attribute__((ext_vector_type(2)));
#if MPK_LANES == 16
    const eight sum8 = p.part[0].lo + p.part[0].hi;
    const four sum4 = sum8.lo + sum8.hi;
#elif MPK_LANES == 8
    const eight sum8 = p.part[0] + p.part[1];
    const four sum4 = sum8.lo + sum8.hi;
#else
    const four sum4 = (p.part[0] + p.part[2]) + (p.part[1] + p.part[3]);
    (void)sizeof(eight);
#endif
    const two sum2 = sum4.lo + sum4.hi;
    return sum2.x + sum2.y;
}

MPK_INLINE mpk_v mpk_larger_or_nan(mpk_v a, mpk_v b) {
    const mpk_v larger = a > b ? a : b;
    return a == a ? larger : a;
}

/// The largest element, NaN if there is one. (In any order: the maximum does not round.)
MPK_INLINE float mpk_row_max(const float *x, int64_t n) {
    mpk_v largest[4];
    for (int v = 0; v < 4; v++) largest[v] = mpk_splat(-INFINITY);
    int64_t i = 0;
    for (; i + 4 * MPK_LANES <= n; i += 4 * MPK_LANES) {
        for (int v = 0; v < 4; v++) largest[v] = mpk_larger_or_nan(largest[v], mpk_load(x + i + v * MPK_LANES));
    }
    for (; i < n; i += MPK_LANES) {
        const int32_t lanes = n - i < MPK_LANES ? (int32_t)(n - i) : MPK_LANES;
        const mpk_v value = mpk_select(mpk_mask_range(0, lanes), mpk_load_first(x + i, lanes), largest[0]);
        largest[0] = mpk_larger_or_nan(largest[0], value);
    }
    mpk_v all = mpk_larger_or_nan(mpk_larger_or_nan(largest[0], largest[1]),
                                  mpk_larger_or_nan(largest[2], largest[3]));
    float lanes[MPK_LANES];
    mpk_store(lanes, all);
    float result = lanes[0];
    for (int lane = 1; lane < MPK_LANES; lane++) {
        if (lanes[lane] > result || lanes[lane] != lanes[lane]) result = lanes[lane];
        if (result != result) break;
    }
    return result;
}

// sum of expression(x[i]); `value` names the loaded vector, `i + v * MPK_LANES` its place, `lanes` how many count.
#define MPK_ROW_SUM(result, x, n, expression)                                                                         \
    float result;                                                                                                     \
    do {                                                                                                              \
        mpk_partial total = mpk_partial_splat(0);                                                                     \
        int64_t i = 0;                                                                                                \
        for (; i + mpk_partials <= (n); i += mpk_partials) {                                                          \
            for (int v = 0; v < mpk_partial_vectors; v++) {                                                           \
                const int32_t lanes = MPK_LANES;                                                                      \
                (void)lanes;                                                                                          \
                const mpk_v value = mpk_load((x) + i + v * MPK_LANES);                                                \
                total.part[v] += (expression);                                                                        \
            }                                                                                                         \
        }                                                                                                             \
        for (int v = 0; i < (n) && v < mpk_partial_vectors; v++) {                                                    \
            const int32_t lanes = mpk_partial_lanes(i, n, v);                                                         \
            const mpk_v value = mpk_load_first((x) + i + v * MPK_LANES, lanes);                                       \
            total.part[v] += mpk_select(mpk_mask_range(0, lanes), (expression), mpk_splat(0));                        \
        }                                                                                                             \
        result = mpk_fold_sum(total);                                                                                 \
    } while (0)

#endif
