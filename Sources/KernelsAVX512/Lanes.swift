import KernelInterface

// Element-wise loops. Their vectors are 16 values wide in every kernel set, so that sums over a
// whole buffer, which keep one partial sum a lane, have the same order everywhere.

/// Sixteen values that element-wise kernels work on at once.
typealias Lanes = SIMD16<Float>

/// Lanes in which ordinary integer operations work on the values' bits.
typealias LaneBits = SIMD16<UInt32>

extension SIMD16<Float> {
    @inline(__always)
    init(bits: LaneBits) { self = unsafeBitCast(bits, to: Self.self) }

    @inline(__always)
    var bits: LaneBits { unsafeBitCast(self, to: LaneBits.self) }
}

@inline(__always)
func load(_ source: UnsafePointer<Float>) -> Lanes {
    UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func store(_ values: Lanes, to target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: values, as: Lanes.self)
}

/// Fewer than sixteen values; the other lanes are zero.
@inline(__always)
func load(_ source: UnsafePointer<Float>, count: Int) -> Lanes {
    var lanes = Lanes.zero
    for index in 0..<count { lanes[index] = source[index] }
    return lanes
}

/// Stores the first `count` lanes and leaves what lies behind them alone.
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
