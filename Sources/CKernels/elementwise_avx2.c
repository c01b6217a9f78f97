// Element-wise functions at the avx2 level.
#include "level_avx2.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "vector_math_template.h"
#include "unary_template.h"
#include "binary_template.h"

const mpk_elementwise_table mpk_elementwise_table_avx2 = {
    .unary = run_unary,
    .binary = run_binary,
    .scale_shift = run_scale_shift,
};
#endif
