// Vector vocabulary of the AVX2 + FMA level (see level_avx512.h).
#ifndef MPK_LEVEL_H
#define MPK_LEVEL_H
#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

#define MPK_LANES 8
#define MPK_LEVEL(name) name##_avx2
#define MPK_TARGET __attribute__((target("avx2,fma")))
#define MPK_INLINE static inline __attribute__((always_inline)) MPK_TARGET

// Register tile of the convolution: 4 x 3 accumulators, 3 columns, 1 broadcast of the 16 registers.
#define MPK_TILE_ROWS 4
#define MPK_TILE_VECTORS 3

// Register tile of the matrix product: 6 x 2, or 3 x 4 accumulators.
#define MPK_LINEAR_ROWS 6
#define MPK_LINEAR_ACCUMULATORS 12

typedef float mpk_v __attribute__((ext_vector_type(8)));
typedef int32_t mpk_vi __attribute__((ext_vector_type(8)));
typedef mpk_vi mpk_mask;

MPK_INLINE mpk_v mpk_fma(mpk_v a, mpk_v b, mpk_v c) { return __builtin_elementwise_fma(a, b, c); }

MPK_INLINE mpk_mask mpk_mask_range(int32_t first, int32_t end) {
    const mpk_vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (lane >= first) & (lane < end);
}

MPK_INLINE void mpk_mask_every_second(int32_t first, int32_t end, mpk_mask *low, mpk_mask *high) {
    const mpk_vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
    const mpk_vi even = (lane & 1) == 0;
    *low = even & (lane >= 2 * first) & (lane < 2 * end);
    *high = even & (lane + 8 >= 2 * first) & (lane + 8 < 2 * end);
}

MPK_INLINE mpk_v mpk_load_masked(mpk_v keep, mpk_mask mask, const float *p) {
    const mpk_v loaded = (mpk_v)_mm256_maskload_ps(p, (__m256i)mask);
    return mask ? loaded : keep;
}

MPK_INLINE void mpk_store_masked(float *p, mpk_mask mask, mpk_v value) {
    _mm256_maskstore_ps(p, (__m256i)mask, (__m256)value);
}

MPK_INLINE mpk_v mpk_select(mpk_mask mask, mpk_v set, mpk_v unset) { return mask ? set : unset; }

// Two factors, so that 2^128 overflows and 2^-149 is reached only by the last one, which rounds.
MPK_INLINE mpk_v mpk_scale_by_power(mpk_v value, mpk_v power) {
    const mpk_vi n = (mpk_vi)(power + 12582912.0f) - 0x4B400000;  // 1.5 * 2^23 holds the integer in its low bits
    const mpk_vi half = n >> 1, rest = n - half;
    return value * (mpk_v)((half + 127) << 23) * (mpk_v)((rest + 127) << 23);
}

MPK_INLINE mpk_v mpk_even(mpk_v low, mpk_v high) {
    return __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
}

#endif
#endif
