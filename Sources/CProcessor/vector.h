#pragma once

// Whole-vector operations that Swift's vectors do value by value. Whether the optimizer vectorizes
// those depends on the code around them; around a select or a part of a vector it does not.

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
typedef double double8 __attribute__((ext_vector_type(8)));
typedef int int16 __attribute__((ext_vector_type(16)));
typedef _Bool bool16 __attribute__((ext_vector_type(16)));

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

/// The lesser of a limit and a value in each lane; NaN stays NaN.
ALWAYS_INLINE float16 limited_16(float16 values, float16 limits) {
    return limits < values ? limits : values;
}

/// The greater of a limit and a value in each lane; NaN stays NaN.
ALWAYS_INLINE float16 at_least_16(float16 values, float16 limits) {
    return limits > values ? limits : values;
}

/// In each lane, the first value if the sign of `by` is set, else the second.
ALWAYS_INLINE float16 chosen_by_sign_16(float16 by, float16 first, float16 second) {
    return __builtin_bit_cast(int16, by) < 0 ? first : second;
}

/// One bit per lane, the first lane's lowest; it is set if any bit of the lane is.
ALWAYS_INLINE unsigned short occupied_lanes_16(float16 values) {
    int16 bits = __builtin_bit_cast(int16, values);
    return __builtin_bit_cast(unsigned short, __builtin_convertvector(bits != 0, bool16));
}

/// Prefetches the cache line at an address, without waiting for it.
ALWAYS_INLINE void prefetch_line(const void *address) { __builtin_prefetch(address); }

/// The same number, of which the optimizer does not know where it came from.
ALWAYS_INLINE long opaque(long number) {
    __asm__("" : "+r"(number));
    return number;
}

/// Transposes 16 rows of 16 values, and writes the first `count` rows of the result.
///
/// Each of four rounds interleaves the rows of the upper half with those of the lower. In a value's
/// position, the highest bit of the row becomes the lowest of the column, and the highest of the
/// column the lowest of the row.
ALWAYS_INLINE void transpose_16(
    const float *source, long source_stride, float *target, long target_stride, int count
) {
    float16 rows[16], dealt[16];
    for (int row = 0; row < 16; row++)
        __builtin_memcpy(&rows[row], source + row * source_stride, sizeof(float16));
    for (int round = 0; round < 4; round++) {
        for (int row = 0; row < 8; row++) {
            dealt[2 * row] = __builtin_shufflevector(
                rows[row], rows[row + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            dealt[2 * row + 1] = __builtin_shufflevector(
                rows[row], rows[row + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                31);
        }
        for (int row = 0; row < 16; row++) rows[row] = dealt[row];
    }
    for (int row = 0; row < 16; row++)
        if (row < count)
            __builtin_memcpy(target + row * target_stride, &rows[row], sizeof(float16));
}

#undef ALWAYS_INLINE
