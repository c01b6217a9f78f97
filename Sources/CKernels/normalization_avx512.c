// Soft maxima and norms at the avx512 level.
#include "level_avx512.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "vector_math_template.h"
#include "normalization_template.h"

const mpk_normalization_table mpk_normalization_table_avx512 = {
    .softmax = run_softmax,
    .log_softmax = run_log_softmax,
    .layer_norm = run_layer_norm,
    .rms_norm = run_rms_norm,
    .lrn = run_lrn,
};
#endif
