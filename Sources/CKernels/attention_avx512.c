// Attention at the avx512 level.
#include "level_avx512.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "vector_math_template.h"
#include "attention_template.h"

const mpk_attention_table mpk_attention_table_avx512 = {.panel = run_attention_panel};
#endif
