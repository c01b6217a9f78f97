#include "attention_internal.h"
#include "mpk_cpu.h"

static const mpk_attention_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_attention_table_avx512;
    case MPK_CPU_AVX2: return &mpk_attention_table_avx2;
    default: break;
    }
#endif
    return &mpk_attention_table_portable;
}

size_t mpk_attention_scratch_byte_count(const mpk_attention_shape *s) {
    // The queries, the scores and the output of a panel, all with the queries innermost.
    const int64_t rows = s->head_dim + s->keys + s->value_dim;
    return (size_t)rows * MPK_ATTENTION_PANEL * sizeof(float);
}

void mpk_attention_run_panel(const mpk_attention_shape *shape, const mpk_attention_head *head, int64_t panel,
                             void *scratch) {
    current_table()->panel(shape, head, panel, scratch);
}
