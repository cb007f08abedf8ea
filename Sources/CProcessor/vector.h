#pragma once

// Whole-vector operations that Swift's vectors do value by value. Whether the optimizer vectorizes
// those depends on the code around them; around a select or a part of a vector it does not.

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
// In memory: at any address, where each value may also be used alone.
typedef float unaligned_float8
    __attribute__((ext_vector_type(8), aligned(4), may_alias));
typedef float unaligned_float16
    __attribute__((ext_vector_type(16), aligned(4), may_alias));
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

#ifdef __AVX512F__

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
        rows[row] = *(const unaligned_float16 *)(source + row * source_stride);
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
            *(unaligned_float16 *)(target + row * target_stride) = rows[row];
}

#else

/// Transposes 8 rows of 8 values, and writes the first `count` rows of the result.
///
/// It exchanges single values of neighbouring rows, then pairs, then halves: AVX2 moves single values
/// and pairs only within a half.
ALWAYS_INLINE void transpose_8(
    const float *source, long source_stride, float *target, long target_stride, int count
) {
    float8 rows[8], singles[8], pairs[8];
    for (int row = 0; row < 8; row++)
        rows[row] = *(const unaligned_float8 *)(source + row * source_stride);
    for (int row = 0; row < 8; row += 2) {
        float8 a = rows[row], b = rows[row + 1];
        singles[row] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
        singles[row + 1] = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int row = 0; row < 8; row += 4) {
        for (int second = 0; second < 2; second++) {
            float8 a = singles[row + second], b = singles[row + second + 2];
            pairs[row + 2 * second] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
            pairs[row + 2 * second + 1] =
                __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int row = 0; row < 4; row++) {
        float8 a = pairs[row], b = pairs[row + 4];
        rows[row] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
        rows[row + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (int row = 0; row < 8; row++)
        if (row < count)
            *(unaligned_float8 *)(target + row * target_stride) = rows[row];
}

/// Transposes 16 rows of 16 values, and writes the first `count` rows of the result.
ALWAYS_INLINE void transpose_16(
    const float *source, long source_stride, float *target, long target_stride, int count
) {
    for (int column = 0; column < count; column += 8)
        for (int row = 0; row < 16; row += 8)
            transpose_8(
                source + row * source_stride + column, source_stride,
                target + column * target_stride + row, target_stride, count - column);
}

#endif

#undef ALWAYS_INLINE
