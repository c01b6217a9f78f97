// Integer products and conversions at the avx2 level.
#include "level_avx2.h"
#if defined(__x86_64__)
#include "level_operations.h"

#define MPK_INTEGER_TILE 4
#define MPK_MADD(sum, a, b) ((sum) + (mpk_vi)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#include "integer_template.h"

const mpk_integer_table mpk_integer_table_avx2 = MPK_INTEGER_TABLE;
#endif
