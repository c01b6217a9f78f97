#include "pooling_internal.h"
#include "mpk_cpu.h"

static const mpk_pooling_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_pooling_table_avx512;
    case MPK_CPU_AVX2: return &mpk_pooling_table_avx2;
    default: break;
    }
#endif
    return &mpk_pooling_table_portable;
}

void mpk_max_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                  int64_t plane_count) {
    current_table()->max(shape, input, output, first_plane, plane_count);
}

void mpk_average_pool(const mpk_pool_shape *shape, const float *input, float *output, int64_t first_plane,
                      int64_t plane_count) {
    current_table()->average(shape, input, output, first_plane, plane_count);
}

void mpk_norm_pool(const mpk_pool_shape *shape, int32_t norm, const float *input, float *output, int64_t first_plane,
                   int64_t plane_count) {
    const mpk_pooling_table *table = current_table();
    (norm == 1 ? table->norm1 : table->norm2)(shape, input, output, first_plane, plane_count);
}

void mpk_global_average_pool(const float *input, float *output, int64_t pixels, int64_t first_plane,
                             int64_t plane_count) {
    current_table()->global_average(input, output, pixels, first_plane, plane_count);
}

void mpk_global_max_pool(const float *input, float *output, int64_t pixels, int64_t first_plane,
                         int64_t plane_count) {
    current_table()->global_max(input, output, pixels, first_plane, plane_count);
}
