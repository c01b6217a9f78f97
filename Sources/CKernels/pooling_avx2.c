// Pooling at the avx2 level.
#include "level_avx2.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "pooling_template.h"

const mpk_pooling_table mpk_pooling_table_avx2 = {
    .max = run_max_pool,
    .average = run_average_pool,
    .norm1 = run_norm1_pool,
    .norm2 = run_norm2_pool,
    .global_average = run_global_average_pool,
    .global_max = run_global_max_pool,
};
#endif
