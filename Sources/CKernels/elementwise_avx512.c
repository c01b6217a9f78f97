// Element-wise functions at the avx512 level.
#include "level_avx512.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "vector_math_template.h"
#include "unary_template.h"
#include "binary_template.h"

const mpk_elementwise_table mpk_elementwise_table_avx512 = {
    .unary = run_unary,
    .binary = run_binary,
    .scale_shift = run_scale_shift,
};
#endif
