#include "mpk_cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// -1 until resolved. Two threads may resolve at the same time: both find the same answer.
static _Atomic int32_t level_in_force = -1;

int32_t mpk_cpu_best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) {
        return MPK_CPU_PORTABLE;
    }
#ifdef MPK_EMULATES_AVX512
    return MPK_CPU_AVX512;
#endif
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
        return MPK_CPU_AVX512;
    }
    return MPK_CPU_AVX2;
#else
    return MPK_CPU_PORTABLE;
#endif
}

const char *mpk_cpu_level_name(int32_t level) {
    switch (level) {
    case MPK_CPU_AVX512: return "avx512";
    case MPK_CPU_AVX2: return "avx2";
    default: return "portable";
    }
}

static int32_t level_from_environment(void) {
    const int32_t best = mpk_cpu_best_level();
    const char *wish = getenv("MPINFER_CPU");
    if (wish == NULL) return best;
    for (int32_t level = MPK_CPU_PORTABLE; level <= best; level++) {
        if (strcmp(wish, mpk_cpu_level_name(level)) == 0) return level;
    }
    return best;
}

int32_t mpk_cpu_level(void) {
    int32_t level = atomic_load_explicit(&level_in_force, memory_order_relaxed);
    if (level < 0) {
        level = level_from_environment();
        atomic_store_explicit(&level_in_force, level, memory_order_relaxed);
    }
    return level;
}

int32_t mpk_cpu_select_level(int32_t level) {
    const int32_t best = mpk_cpu_best_level();
    const int32_t chosen = level < 0 ? level_from_environment() : (level > best ? best : level);
    atomic_store_explicit(&level_in_force, chosen, memory_order_relaxed);
    return chosen;
}
