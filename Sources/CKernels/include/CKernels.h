// CKernels: the compute kernels that OpenBLAS does not have. All of them are pure functions over caller-owned memory:
// no allocation, no threads, no state but the instruction-set level (mpk_cpu.h). Input is never read beyond its end.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "mpk_activation.h"
#include "mpk_attention.h"
#include "mpk_convolution.h"
#include "mpk_cpu.h"
#include "mpk_elementwise.h"
#include "mpk_half.h"
#include "mpk_integer.h"
#include "mpk_linear.h"
#include "mpk_normalization.h"
#include "mpk_pooling.h"
#include "mpk_recurrent.h"
#include "mpk_shared.h"

#endif
