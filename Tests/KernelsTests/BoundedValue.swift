import Kernels

/// A value in double precision with the size of what was added up to it.
///
/// A float32 result may be off by so many units of rounding of that size, since a sum of terms that
/// cancel is no more exact than its terms.
struct BoundedValue {
    let value: Double
    let size: Double

    init(_ value: Double, size: Double? = nil) {
        self.value = value
        self.size = size ?? value.magnitude
    }

    /// Whether `result` lies within `units` of 2^-24 of the size; denormals have no digits to lose.
    func admits(_ result: Float, units: Double) -> Bool {
        (Double(result) - value).magnitude <= units * 0x1p-24 * size + 0x1p-149
    }
}

extension Guarded {
    /// Whether every element lies within `units` of rounding of what is expected.
    func isClose(to expected: [BoundedValue], units: Double) -> Bool {
        let elements = elements
        return elements.count == expected.count
            && zip(elements, expected).allSatisfy { $1.admits($0, units: units) }
    }
}
