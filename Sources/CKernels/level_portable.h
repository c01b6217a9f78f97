// Vector vocabulary of the portable level (see level_avx512.h): 128-bit vectors, which every 64-bit CPU has.
#ifndef MPK_LEVEL_H
#define MPK_LEVEL_H

#include <stdint.h>

#define MPK_LANES 4
#define MPK_LEVEL(name) name##_portable
#define MPK_TARGET
#define MPK_INLINE static inline __attribute__((always_inline))

#if defined(__aarch64__)
// 32 registers, as AVX-512.
#define MPK_TILE_ROWS 8
#define MPK_TILE_VECTORS 3
#define MPK_LINEAR_ROWS 12
#define MPK_LINEAR_ACCUMULATORS 24
#else
#define MPK_TILE_ROWS 4
#define MPK_TILE_VECTORS 2
#define MPK_LINEAR_ROWS 4
#define MPK_LINEAR_ACCUMULATORS 8
#endif

typedef float mpk_v __attribute__((ext_vector_type(4)));
typedef int32_t mpk_vi __attribute__((ext_vector_type(4)));
typedef mpk_vi mpk_mask;

MPK_INLINE mpk_v mpk_fma(mpk_v a, mpk_v b, mpk_v c) {
#if defined(__aarch64__)
    return __builtin_elementwise_fma(a, b, c);
#else
    // SSE2 has no fused multiply-add, and emulating its rounding would cost a library call per lane.
    return a * b + c;
#endif
}

MPK_INLINE mpk_mask mpk_mask_range(int32_t first, int32_t end) {
    const mpk_vi lane = {0, 1, 2, 3};
    return (lane >= first) & (lane < end);
}

MPK_INLINE void mpk_mask_every_second(int32_t first, int32_t end, mpk_mask *low, mpk_mask *high) {
    const mpk_vi lane = {0, 1, 2, 3};
    const mpk_vi even = (lane & 1) == 0;
    *low = even & (lane >= 2 * first) & (lane < 2 * end);
    *high = even & (lane + 4 >= 2 * first) & (lane + 4 < 2 * end);
}

MPK_INLINE mpk_v mpk_load_masked(mpk_v keep, mpk_mask mask, const float *p) {
    for (int lane = 0; lane < 4; lane++) {
        if (mask[lane]) keep[lane] = p[lane];
    }
    return keep;
}

MPK_INLINE void mpk_store_masked(float *p, mpk_mask mask, mpk_v value) {
    for (int lane = 0; lane < 4; lane++) {
        if (mask[lane]) p[lane] = value[lane];
    }
}

MPK_INLINE mpk_v mpk_select(mpk_mask mask, mpk_v set, mpk_v unset) { return mask ? set : unset; }

// Two factors, so that 2^128 overflows and 2^-149 is reached only by the last one, which rounds.
MPK_INLINE mpk_v mpk_scale_by_power(mpk_v value, mpk_v power) {
    const mpk_vi n = (mpk_vi)(power + 12582912.0f) - 0x4B400000;  // 1.5 * 2^23 holds the integer in its low bits
    const mpk_vi half = n >> 1, rest = n - half;
    return value * (mpk_v)((half + 127) << 23) * (mpk_v)((rest + 127) << 23);
}

MPK_INLINE mpk_v mpk_even(mpk_v low, mpk_v high) { return __builtin_shufflevector(low, high, 0, 2, 4, 6); }

#endif
