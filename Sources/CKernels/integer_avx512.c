// Integer products and conversions at the avx512 level.
#include "level_avx512.h"
#if defined(__x86_64__)
#include "level_operations.h"

#define MPK_INTEGER_TILE 8
#define MPK_MADD(sum, a, b) mpk_add_pair_products(sum, a, b)
#include "integer_template.h"

const mpk_integer_table mpk_integer_table_avx512 = MPK_INTEGER_TABLE;
#endif
