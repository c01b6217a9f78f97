// Integer products and conversions at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#define MPK_MADD(a, b) ((mpk_vi)_mm_madd_epi16((__m128i)(a), (__m128i)(b)))
#else
// The low and the high half of each lane.
#define MPK_MADD(a, b) ((((a) << 16) >> 16) * (((b) << 16) >> 16) + ((a) >> 16) * ((b) >> 16))
#endif
#include "integer_template.h"

const mpk_integer_table mpk_integer_table_portable = MPK_INTEGER_TABLE;
