// Integer products and conversions at the avx512 level of CPUs that multiply and add int16 pairs in one instruction.
#include "level_avx512.h"
#if defined(__x86_64__)
#undef MPK_TARGET
#define MPK_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx2,fma")))
#include "level_operations.h"

#define MPK_INTEGER_TILE 8
#define MPK_MADD(sum, a, b) ((mpk_vi)_mm512_dpwssd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#include "integer_template.h"

const mpk_integer_table mpk_integer_table_vnni = MPK_INTEGER_TABLE;
#endif
