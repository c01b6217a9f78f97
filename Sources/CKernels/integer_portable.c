// Integer products and conversions at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#define MPK_INTEGER_TILE 4
#if defined(__x86_64__)
#include <emmintrin.h>
#define MPK_MADD(sum, a, b) ((sum) + (mpk_vi)_mm_madd_epi16((__m128i)(a), (__m128i)(b)))
#else
// The low and the high half of each lane.
#define MPK_MADD(sum, a, b) ((sum) + (((a) << 16) >> 16) * (((b) << 16) >> 16) + ((a) >> 16) * ((b) >> 16))
#endif
#include "integer_template.h"

const mpk_integer_table mpk_integer_table_portable = MPK_INTEGER_TABLE;
