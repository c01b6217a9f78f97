// Element-wise functions at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#include "vector_math_template.h"
#include "unary_template.h"
#include "binary_template.h"

const mpk_elementwise_table mpk_elementwise_table_portable = {
    .unary = run_unary,
    .binary = run_binary,
    .scale_shift = run_scale_shift,
};
