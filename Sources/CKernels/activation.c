#include <math.h>
#include "activation_internal.h"

int32_t mpk_activation_as_clip(const mpk_epilogue *e, float *lower, float *upper) {
    *lower = -INFINITY;
    *upper = INFINITY;
    switch (e->activation) {
    case MPK_IDENTITY: return 1;
    case MPK_RELU: *lower = 0; return 1;
    case MPK_CLIP: *lower = e->activation_alpha; *upper = e->activation_beta; return 1;
    default: return 0;
    }
}
