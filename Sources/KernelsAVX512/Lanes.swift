import CProcessor
import KernelInterface

// Element-wise loops. Their vectors are 16 values wide in every kernel set, so sums over a whole
// buffer, which keep one partial sum per lane, have the same order everywhere.

/// Sixteen values that element-wise kernels work on at once.
typealias Lanes = SIMD16<Float>

/// The same lanes as bits, for integer operations.
typealias LaneBits = SIMD16<UInt32>

extension SIMD16<Float> {
    @inline(__always)
    init(bits: LaneBits) { self = unsafeBitCast(bits, to: Self.self) }

    @inline(__always)
    var bits: LaneBits { unsafeBitCast(self, to: LaneBits.self) }

    /// This plus a product, rounded once.
    @inline(__always)
    func addingProduct(_ a: Self, _ b: Self) -> Self { fused_multiply_add_16(a, b, self) }

    /// The square roots.
    @inline(__always)
    func squareRoot() -> Self { square_root_16(self) }

    /// The absolute values, at most `limit`; NaN stays NaN.
    @inline(__always)
    func magnitude(upTo limit: Float) -> Self {
        limited_16(Self(bits: bits & LaneBits(repeating: 0x7FFF_FFFF)), Self(repeating: limit))
    }
}

extension SIMD8<Float> {
    /// This plus a product, rounded once.
    @inline(__always)
    func addingProduct(_ a: Self, _ b: Self) -> Self { fused_multiply_add_8(a, b, self) }
}

extension SIMD4<Float> {
    /// This plus a product, rounded once.
    @inline(__always)
    func addingProduct(_ a: Self, _ b: Self) -> Self { fused_multiply_add_4(a, b, self) }
}

@inline(__always)
func load(_ source: UnsafePointer<Float>) -> Lanes {
    UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func store(_ values: Lanes, to target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: values, as: Lanes.self)
}

/// Loads fewer than sixteen values; the other lanes are zero.
@inline(__always)
func load(_ source: UnsafePointer<Float>, count: Int) -> Lanes {
    var lanes = Lanes.zero
    for index in 0..<count { lanes[index] = source[index] }
    return lanes
}

/// Stores the first `count` lanes and leaves the memory after them unchanged.
@inline(__always)
func store(_ values: Lanes, to target: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { target[index] = values[index] }
}

/// Sets values to operation(values).
@inline(__always)
func update(_ values: Vector, _ operation: (Lanes) -> Lanes) {
    var index = 0
    while index + 16 <= values.count {
        store(operation(load(values.base + index)), to: values.base + index)
        index += 16
    }
    let rest = values.count - index
    if rest > 0 {
        let result = operation(load(values.base + index, count: rest))
        store(result, to: values.base + index, count: rest)
    }
}

/// Sets values to operation(values, others).
@inline(__always)
func update(_ values: Vector, with others: Vector, _ operation: (Lanes, Lanes) -> Lanes) {
    var index = 0
    while index + 16 <= values.count {
        let result = operation(load(values.base + index), load(others.base + index))
        store(result, to: values.base + index)
        index += 16
    }
    let rest = values.count - index
    if rest > 0 {
        let result = operation(
            load(values.base + index, count: rest), load(others.base + index, count: rest))
        store(result, to: values.base + index, count: rest)
    }
}
