// How a kernel with an epilogue applies its activation.
#ifndef MPK_ACTIVATION_INTERNAL_H
#define MPK_ACTIVATION_INTERNAL_H

#include "mpk_activation.h"

/// The clipping that a register tile can do itself: identity, relu and clip. Returns 0 for the other activations.
int32_t mpk_activation_as_clip(const mpk_epilogue *epilogue, float *lower, float *upper);

#endif
