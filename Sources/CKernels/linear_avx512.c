// The matrix product at the avx512 level.
#include "level_avx512.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "linear_tile_template.h"

const mpk_linear_table mpk_linear_table_avx512 = {
    .most_rows = MPK_LINEAR_ROWS,
    .tile = run_linear_job,
};
#endif
