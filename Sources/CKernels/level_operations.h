// Vector operations that are written alike at every level. Included after level_*.h.
#ifndef MPK_LEVEL_OPERATIONS_H
#define MPK_LEVEL_OPERATIONS_H

MPK_INLINE mpk_v mpk_splat(float x) { return (mpk_v)(x); }

MPK_INLINE mpk_v mpk_load(const float *p) {
    mpk_v value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
}

MPK_INLINE void mpk_store(float *p, mpk_v value) { __builtin_memcpy(p, &value, sizeof value); }

// A NaN in the second operand stays: comparisons with it are false.
MPK_INLINE mpk_v mpk_max(mpk_v bound, mpk_v x) { return bound > x ? bound : x; }
MPK_INLINE mpk_v mpk_min(mpk_v bound, mpk_v x) { return bound < x ? bound : x; }

/// The first `count` floats (0 ... MPK_LANES); the other lanes are zero and their memory is not touched.
MPK_INLINE mpk_v mpk_load_first(const float *p, int32_t count) {
    if (count == MPK_LANES) return mpk_load(p);
    return count == 0 ? mpk_splat(0) : mpk_load_masked(mpk_splat(0), mpk_mask_range(0, count), p);
}

MPK_INLINE void mpk_store_first(float *p, int32_t count, mpk_v value) {
    if (count == MPK_LANES) {
        mpk_store(p, value);
    } else if (count > 0) {
        mpk_store_masked(p, mpk_mask_range(0, count), value);
    }
}

#endif
