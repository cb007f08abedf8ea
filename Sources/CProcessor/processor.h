#pragma once

// What the processor can do, asked of the compiler's CPUID support: Swift has no such query.

#include <sched.h>

// glibc declares these for C with GNU extensions alone, as which Swift does not read its headers.
extern int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
extern int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

#if defined(__x86_64__)

/// Whether the x86-64-v3 instructions that KernelsAVX2 is compiled for are here.
static inline int processor_has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/// Whether the x86-64-v4 instructions that KernelsAVX512 is compiled for are here.
static inline int processor_has_avx512(void) {
    __builtin_cpu_init();
    return processor_has_avx2() && __builtin_cpu_supports("avx512f")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#endif
