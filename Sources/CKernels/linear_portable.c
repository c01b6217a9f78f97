// The matrix product at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#include "linear_tile_template.h"

const mpk_linear_table mpk_linear_table_portable = {
    .most_rows = MPK_LINEAR_ROWS,
    .tile = run_linear_job,
};
