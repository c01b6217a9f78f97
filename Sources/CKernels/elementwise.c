#include "elementwise_internal.h"
#include "mpk_cpu.h"

static const mpk_elementwise_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_elementwise_table_avx512;
    case MPK_CPU_AVX2: return &mpk_elementwise_table_avx2;
    default: break;
    }
#endif
    return &mpk_elementwise_table_portable;
}

void mpk_unary(int32_t operation, float alpha, float beta, const float *x, float *y, int64_t n) {
    current_table()->unary(operation, alpha, beta, x, y, n);
}

void mpk_binary(int32_t operation, const float *a, const float *b, float *y, int64_t n) {
    current_table()->binary(operation, a, 1, b, 1, y, n);
}

void mpk_binary_scalar_right(int32_t operation, const float *a, float b, float *y, int64_t n) {
    current_table()->binary(operation, a, 1, &b, 0, y, n);
}

void mpk_binary_scalar_left(int32_t operation, float a, const float *b, float *y, int64_t n) {
    current_table()->binary(operation, &a, 0, b, 1, y, n);
}

void mpk_scale_shift_channels(const float *x, const float *scale, const float *shift, float *y, int64_t channels,
                              int64_t pixels, int64_t first_plane, int64_t plane_count) {
    current_table()->scale_shift(x, scale, shift, y, channels, pixels, first_plane, plane_count);
}
