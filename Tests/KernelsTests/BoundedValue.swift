import Kernels

/// A value in double precision, with the sum of the magnitudes of its terms as its size.
///
/// The rounding error of a float32 result scales with this size, because a sum of cancelling terms
/// is no more exact than its terms.
struct BoundedValue {
    let value: Double
    let size: Double

    init(_ value: Double, size: Double? = nil) {
        self.value = value
        self.size = size ?? value.magnitude
    }

    /// Whether `result` is within `units` times 2^-24 of the size; denormals have no digits to lose.
    func admits(_ result: Float, units: Double) -> Bool {
        (Double(result) - value).magnitude <= units * 0x1p-24 * size + 0x1p-149
    }
}

extension Guarded {
    /// Whether every element is within `units` roundings of its expected value.
    func isClose(to expected: [BoundedValue], units: Double) -> Bool {
        let elements = elements
        return elements.count == expected.count
            && zip(elements, expected).allSatisfy { $1.admits($0, units: units) }
    }
}
