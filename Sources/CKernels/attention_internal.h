// The table of level-specific attention kernels.
#ifndef MPK_ATTENTION_INTERNAL_H
#define MPK_ATTENTION_INTERNAL_H

#include "mpk_attention.h"

typedef struct {
    void (*panel)(const mpk_attention_shape *shape, const mpk_attention_head *head, int64_t panel, float *scratch);
} mpk_attention_table;

extern const mpk_attention_table mpk_attention_table_portable;
#if defined(__x86_64__)
extern const mpk_attention_table mpk_attention_table_avx2;
extern const mpk_attention_table mpk_attention_table_avx512;
#endif

#endif
