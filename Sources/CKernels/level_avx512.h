// Vector vocabulary of the AVX-512 level. A template header (*_template.h) is compiled once per level against the same
// names: 16 lanes here, 8 in level_avx2.h, 4 in level_portable.h.
//
// With MPK_EMULATES_AVX512 defined the compiler makes two vectors of 8 lanes of each, and what has no generic form is
// written out: the level's code can then be tested, though not timed, on a CPU with AVX2 (`make emulated-avx512`).
#ifndef MPK_LEVEL_H
#define MPK_LEVEL_H
#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

#define MPK_LANES 16
#define MPK_LEVEL(name) name##_avx512
#ifdef MPK_EMULATES_AVX512
#define MPK_TARGET __attribute__((target("avx2,fma")))
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses the border of a file
#else
#define MPK_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#endif
#define MPK_INLINE static inline __attribute__((always_inline)) MPK_TARGET

// Register tile of the convolution: 8 x 3 accumulators, 3 columns, 1 broadcast of the 32 registers.
#define MPK_TILE_ROWS 8
#define MPK_TILE_VECTORS 3

// Register tile of the matrix product: 12 x 2 accumulators.
#define MPK_LINEAR_ROWS 12
#define MPK_LINEAR_ACCUMULATORS 24

typedef float mpk_v __attribute__((ext_vector_type(16)));
typedef int32_t mpk_vi __attribute__((ext_vector_type(16)));
typedef uint16_t mpk_mask;  // __mmask16 is the same type

MPK_INLINE mpk_v mpk_fma(mpk_v a, mpk_v b, mpk_v c) { return __builtin_elementwise_fma(a, b, c); }

/// Lanes first ..< end.
MPK_INLINE mpk_mask mpk_mask_range(int32_t first, int32_t end) {
    return (mpk_mask)((0xFFFFu >> (16 - (end - first))) << first);
}

/// Lanes first ..< end of mpk_even(low, high): the elements of low and high they come from.
MPK_INLINE void mpk_mask_every_second(int32_t first, int32_t end, mpk_mask *low, mpk_mask *high) {
    const uint32_t both = ((0xFFFFFFFFu >> (32 - 2 * (end - first))) << (2 * first)) & 0x55555555u;
    *low = (mpk_mask)both;
    *high = (mpk_mask)(both >> 16);
}

#ifdef MPK_EMULATES_AVX512

MPK_INLINE mpk_v mpk_load_masked(mpk_v keep, mpk_mask mask, const float *p) {
    for (int32_t lane = 0; lane < MPK_LANES; lane++) {
        if (mask >> lane & 1) keep[lane] = p[lane];
    }
    return keep;
}

MPK_INLINE void mpk_store_masked(float *p, mpk_mask mask, mpk_v value) {
    for (int32_t lane = 0; lane < MPK_LANES; lane++) {
        if (mask >> lane & 1) p[lane] = value[lane];
    }
}

MPK_INLINE mpk_v mpk_select(mpk_mask mask, mpk_v set, mpk_v unset) {
    for (int32_t lane = 0; lane < MPK_LANES; lane++) {
        if (mask >> lane & 1) unset[lane] = set[lane];
    }
    return unset;
}

// As VSCALEFPS does: exact in float64, so that the way back to float32 rounds once.
MPK_INLINE mpk_v mpk_scale_by_power(mpk_v value, mpk_v power) {
    for (int32_t lane = 0; lane < MPK_LANES; lane++) {
        value[lane] = power[lane] == power[lane]
            ? (float)((double)value[lane] * __builtin_ldexp(1.0, (int)power[lane])) : power[lane];
    }
    return value;
}

MPK_INLINE mpk_vi mpk_add_pair_products(mpk_vi sum, mpk_vi a, mpk_vi b) {
    union {
        mpk_vi vector;
        int16_t numbers[2 * MPK_LANES];
    } left = {a}, right = {b};
    for (int32_t lane = 0; lane < MPK_LANES; lane++) {
        const int32_t first = left.numbers[2 * lane] * right.numbers[2 * lane];
        sum[lane] = (int32_t)((uint32_t)sum[lane] + (uint32_t)first
            + (uint32_t)(left.numbers[2 * lane + 1] * right.numbers[2 * lane + 1]));
    }
    return sum;
}

#else

/// Lanes of the mask from memory, the others from `keep`. Never touches memory of an unset lane.
MPK_INLINE mpk_v mpk_load_masked(mpk_v keep, mpk_mask mask, const float *p) {
    return (mpk_v)_mm512_mask_loadu_ps((__m512)keep, mask, p);
}

MPK_INLINE void mpk_store_masked(float *p, mpk_mask mask, mpk_v value) {
    _mm512_mask_storeu_ps(p, mask, (__m512)value);
}

MPK_INLINE mpk_v mpk_select(mpk_mask mask, mpk_v set, mpk_v unset) {
    return (mpk_v)_mm512_mask_mov_ps((__m512)unset, mask, (__m512)set);
}

/// value * 2^power, rounded once; power is whole, -150 ... 129, or NaN.
MPK_INLINE mpk_v mpk_scale_by_power(mpk_v value, mpk_v power) {
    return (mpk_v)_mm512_scalef_ps((__m512)value, (__m512)power);
}

/// To each sum the products of a pair of int16.
MPK_INLINE mpk_vi mpk_add_pair_products(mpk_vi sum, mpk_vi a, mpk_vi b) {
    return sum + (mpk_vi)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}

#endif

/// Elements 0, 2, 4 ... of the two vectors laid end to end.
MPK_INLINE mpk_v mpk_even(mpk_v low, mpk_v high) {
    return __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

#endif
#endif
