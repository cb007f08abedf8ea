#pragma once

// Fused multiply-adds of whole vectors. Swift's `addingProduct` of a vector works value by value; what
// the optimizer makes of that depends on what is around it, and around a choice it stays scalar.

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/// sum + a * b in each lane, rounded once.
ALWAYS_INLINE float4 fused_multiply_add_4(float4 a, float4 b, float4 sum) {
    return __builtin_elementwise_fma(a, b, sum);
}

/// sum + a * b in each lane, rounded once.
ALWAYS_INLINE float8 fused_multiply_add_8(float8 a, float8 b, float8 sum) {
    return __builtin_elementwise_fma(a, b, sum);
}

/// sum + a * b in each lane, rounded once.
ALWAYS_INLINE float16 fused_multiply_add_16(float16 a, float16 b, float16 sum) {
    return __builtin_elementwise_fma(a, b, sum);
}

#undef ALWAYS_INLINE
