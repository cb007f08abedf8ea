#pragma once

// What Swift's vectors do value by value, done to whole vectors: what the optimizer makes of sixteen
// values depends on what is around them, and around a choice or a part of a vector they stay apart.

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
typedef double double8 __attribute__((ext_vector_type(8)));

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

/// sums + values * values in double precision, rounded once in each lane.
ALWAYS_INLINE double8 add_squares_8(double8 sums, float8 values) {
    double8 wide = __builtin_convertvector(values, double8);
    return __builtin_elementwise_fma(wide, wide, sums);
}

/// The square root in each lane, correctly rounded.
ALWAYS_INLINE float16 square_root_16(float16 values) { return __builtin_elementwise_sqrt(values); }

/// The lesser of a limit and a value in each lane; the value where that is no number.
ALWAYS_INLINE float16 limited_16(float16 values, float16 limits) {
    return limits < values ? limits : values;
}

#undef ALWAYS_INLINE
