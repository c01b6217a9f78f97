// Which instruction set the kernels use.
//
// The level is resolved once, on first use: the best one this CPU (and operating system) offers, or what the
// environment variable MPINFER_CPU asks for (portable | avx2 | avx512). A level the CPU lacks is lowered to the
// best one it has; mpk_cpu_level() tells which one is in force, so a caller can report it.
#ifndef MPK_CPU_H
#define MPK_CPU_H

#include <stdint.h>

enum {
    MPK_CPU_PORTABLE = 0,  // plain C with 128-bit vectors: SSE2, or NEON on aarch64
    MPK_CPU_AVX2 = 1,      // AVX2 + FMA + F16C
    MPK_CPU_AVX512 = 2,    // AVX-512 F, VL, BW, DQ
};

/// The level in force (MPK_CPU_PORTABLE ... MPK_CPU_AVX512). Thread-safe.
int32_t mpk_cpu_level(void);

/// The best level this machine can execute, whatever the environment says.
int32_t mpk_cpu_best_level(void);

/// Forces a level (for tests and comparisons) and returns the one now in force: a level beyond the CPU is lowered,
/// a negative one goes back to the environment's choice. Packed weights stay valid across levels, but scratch sizes
/// differ: do not call it between mpk_*_scratch_byte_count and the runs that use that scratch.
int32_t mpk_cpu_select_level(int32_t level);

/// "portable", "avx2" or "avx512".
const char *mpk_cpu_level_name(int32_t level);

#endif
