#include "normalization_internal.h"
#include "mpk_cpu.h"

static const mpk_normalization_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_normalization_table_avx512;
    case MPK_CPU_AVX2: return &mpk_normalization_table_avx2;
    default: break;
    }
#endif
    return &mpk_normalization_table_portable;
}

void mpk_softmax(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count) {
    current_table()->softmax(x, y, columns, first_row, row_count);
}

void mpk_log_softmax(const float *x, float *y, int64_t columns, int64_t first_row, int64_t row_count) {
    current_table()->log_softmax(x, y, columns, first_row, row_count);
}

void mpk_layer_norm(const float *x, const float *scale, const float *bias, float epsilon, float *y, int64_t columns,
                    int64_t first_row, int64_t row_count) {
    current_table()->layer_norm(x, scale, bias, epsilon, y, columns, first_row, row_count);
}

void mpk_rms_norm(const float *x, const float *scale, float epsilon, float *y, int64_t columns, int64_t first_row,
                  int64_t row_count) {
    current_table()->rms_norm(x, scale, epsilon, y, columns, first_row, row_count);
}

void mpk_lrn(const float *x, float *y, int64_t channels, int64_t pixels, int64_t size, float alpha, float beta,
             float bias, int64_t first_plane, int64_t plane_count) {
    current_table()->lrn(x, y, channels, pixels, size, alpha, beta, bias, first_plane, plane_count);
}
