// Soft maxima and norms at the portable level.
#include "level_portable.h"
#include "level_operations.h"

#include "vector_math_template.h"
#include "normalization_template.h"

const mpk_normalization_table mpk_normalization_table_portable = {
    .softmax = run_softmax,
    .log_softmax = run_log_softmax,
    .layer_norm = run_layer_norm,
    .rms_norm = run_rms_norm,
    .lrn = run_lrn,
};
