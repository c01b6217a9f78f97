// float16 to float32 and back, by the CPU's own instructions.
#ifndef MPK_HALF_H
#define MPK_HALF_H

#include <stdint.h>

/// y[i] = x[i] for i in 0 ..< n; x holds the bits of float16. Returns 0, with nothing done, where the level in force has no
/// instruction for it.
int32_t mpk_widen_float16(const uint16_t *x, float *y, int64_t n);

/// y[i] = x[i], rounded half to even; what is too large becomes infinite, and NaN stays NaN. Returns 0 as above.
int32_t mpk_narrow_float16(const float *x, uint16_t *y, int64_t n);

#endif
