#include "mpk_half.h"
#include "mpk_cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define HALF_TARGET __attribute__((target("avx2,f16c")))

static HALF_TARGET void widen(const uint16_t *x, float *y, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
    }
    if (i == n) return;
    uint16_t in[8] = {0};
    float out[8];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)in)));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

static HALF_TARGET void narrow(const float *x, uint16_t *y, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    }
    if (i == n) return;
    float in[8] = {0};
    uint16_t out[8];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm_storeu_si128((__m128i *)out, _mm256_cvtps_ph(_mm256_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}
#endif

int32_t mpk_widen_float16(const uint16_t *x, float *y, int64_t n) {
#if defined(__x86_64__)
    if (mpk_cpu_level() != MPK_CPU_PORTABLE) {
        widen(x, y, n);
        return 1;
    }
#endif
    (void)x, (void)y, (void)n;
    return 0;
}

int32_t mpk_narrow_float16(const float *x, uint16_t *y, int64_t n) {
#if defined(__x86_64__)
    if (mpk_cpu_level() != MPK_CPU_PORTABLE) {
        narrow(x, y, n);
        return 1;
    }
#endif
    (void)x, (void)y, (void)n;
    return 0;
}
