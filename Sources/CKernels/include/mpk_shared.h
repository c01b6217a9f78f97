// Numbers in memory that several processes share. What one has written before `set` or `add` is seen by who sees it.
#ifndef MPK_SHARED_H
#define MPK_SHARED_H

#include <stdint.h>

static inline int64_t mpk_shared_get(const int64_t *number) { return __atomic_load_n(number, __ATOMIC_ACQUIRE); }
static inline void mpk_shared_set(int64_t *number, int64_t value) { __atomic_store_n(number, value, __ATOMIC_RELEASE); }
/// Returns what it was before.
static inline int64_t mpk_shared_add(int64_t *number, int64_t value) {
    return __atomic_fetch_add(number, value, __ATOMIC_ACQ_REL);
}
/// Makes `before` into `after`; 0 where it was something else.
static inline int32_t mpk_shared_exchange(int64_t *number, int64_t before, int64_t after) {
    return __atomic_compare_exchange_n(number, &before, after, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif
