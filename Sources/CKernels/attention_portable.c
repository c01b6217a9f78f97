// Attention at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#include "vector_math_template.h"
#include "attention_template.h"

const mpk_attention_table mpk_attention_table_portable = {.panel = run_attention_panel};
