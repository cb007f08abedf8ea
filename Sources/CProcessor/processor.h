#pragma once

// What the processor supports, by its CPUID instruction: Swift has no such query.

#include <sched.h>

// glibc declares these only with GNU extensions, and Swift reads its headers without them.
extern int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
extern int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

#if defined(__x86_64__)

#include <cpuid.h>

/// An x86-64 level: what the option `-march=` of that name lets a compiler use.
typedef enum { X86_64_V3 = 3, X86_64_V4 = 4 } x86_64_level;

/// Four registers of a CPUID leaf, in the order of `cpuid.h`.
typedef enum { EAX, EBX, ECX, EDX } cpuid_register;

/// An instruction set extension, and the CPUID bit that reports it.
typedef struct {
    const char *name;
    x86_64_level level;
    unsigned leaf;
    cpuid_register reg;
    unsigned bit;
} processor_feature;

/// Everything that a level adds to the one below, and x86-64-v3 to the baseline.
///
/// `Scripts/check-kernels` compares the names with the compiler's.
static const processor_feature processor_features[] = {
    {"SSE3", X86_64_V3, 1, ECX, 0},
    {"SSSE3", X86_64_V3, 1, ECX, 9},
    {"FMA", X86_64_V3, 1, ECX, 12},
    {"CX16", X86_64_V3, 1, ECX, 13},
    {"SSE4_1", X86_64_V3, 1, ECX, 19},
    {"SSE4_2", X86_64_V3, 1, ECX, 20},
    {"CRC32", X86_64_V3, 1, ECX, 20},
    {"MOVBE", X86_64_V3, 1, ECX, 22},
    {"POPCNT", X86_64_V3, 1, ECX, 23},
    {"XSAVE", X86_64_V3, 1, ECX, 26},
    {"AVX", X86_64_V3, 1, ECX, 28},
    {"F16C", X86_64_V3, 1, ECX, 29},
    {"BMI", X86_64_V3, 7, EBX, 3},
    {"AVX2", X86_64_V3, 7, EBX, 5},
    {"BMI2", X86_64_V3, 7, EBX, 8},
    {"LAHF_SAHF", X86_64_V3, 0x80000001, ECX, 0},
    {"LZCNT", X86_64_V3, 0x80000001, ECX, 5},
    {"AVX512F", X86_64_V4, 7, EBX, 16},
    {"AVX512DQ", X86_64_V4, 7, EBX, 17},
    {"AVX512CD", X86_64_V4, 7, EBX, 28},
    {"AVX512BW", X86_64_V4, 7, EBX, 30},
    {"AVX512VL", X86_64_V4, 7, EBX, 31},
};

/// Whether the processor has a feature, whether or not the operating system supports it.
static inline int processor_has(const processor_feature *feature) {
    unsigned registers[4];
    if (!__get_cpuid_count(
            feature->leaf, 0, &registers[EAX], &registers[EBX], &registers[ECX], &registers[EDX]))
        return 0;
    return registers[feature->reg] >> feature->bit & 1;
}

/// Whether the operating system saves a level's wide registers when it switches threads.
static inline int system_keeps_registers(x86_64_level level) {
    const processor_feature os_uses_xsave = {"OSXSAVE", X86_64_V3, 1, ECX, 27};
    if (!processor_has(&os_uses_xsave)) return 0;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    // SSE and AVX; for AVX-512 also the masks, the upper halves and the upper sixteen registers.
    const unsigned wanted = level == X86_64_V4 ? 0xE6 : 0x06;
    return (low & wanted) == wanted;
}

/// A feature of `level` that this machine lacks, after skipping `number` of them; NULL if none is
/// left.
static inline const char *processor_lacks(x86_64_level level, int number) {
    const int count = sizeof processor_features / sizeof processor_features[0];
    for (int index = 0; index < count; index++) {
        const processor_feature *feature = &processor_features[index];
        if (feature->level <= level && !processor_has(feature) && number-- == 0)
            return feature->name;
    }
    if (!system_keeps_registers(level) && number-- == 0)
        return level == X86_64_V4 ? "the system's support of AVX-512" : "the system's support of AVX";
    return 0;
}

#endif
