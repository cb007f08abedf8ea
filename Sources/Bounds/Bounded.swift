/// A number from a message or a file; decoding checks its limits.
///
///     @Bounded<StepNumber> public var step: Int
///
/// Decoding throws ``OutOfBounds``, so no later sum or product of such numbers can overflow. A value
/// that the program itself sets is not checked.
@propertyWrapper
public struct Bounded<Kind: Bound>: Sendable, Hashable {
    /// The number.
    public var wrappedValue: Kind.Value

    /// A number from the program itself.
    public init(wrappedValue: Kind.Value) { self.wrappedValue = wrappedValue }
}

extension Bounded: Codable {
    /// Decodes a number and checks its limits.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer().decode(Kind.Value.self)
        try self.init(wrappedValue: Kind.checked(value))
    }

    /// Encodes the bare number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// A kind of number that comes from outside the program.
public protocol Bound {
    /// The type of the number.
    associatedtype Value: Comparable & Hashable & Codable & Sendable
    /// The possible values.
    static var limits: Limits<Value> { get }
}

extension Bound {
    /// Returns a value that is within the limits.
    ///
    /// Inlinable, because headers are decoded several times per step: unspecialized, it takes 0.4 us.
    @inlinable
    public static func checked(_ value: Value) throws(OutOfBounds) -> Value {
        guard limits.range.contains(value) else { throw OutOfBounds(value, limits) }
        return value
    }
}

/// The least and the greatest value of a kind of number.
public struct Limits<Value: Comparable & Sendable>: Sendable {
    /// The number's name in an error.
    public let name: String
    /// The values.
    public let range: ClosedRange<Value>

    init(_ name: String, _ range: ClosedRange<Value>) {
        self.name = name
        self.range = range
    }
}

/// A number outside its limits.
public struct OutOfBounds: Error, Equatable, CustomStringConvertible {
    /// Which number, its value, and its limits.
    public let description: String

    /// A value outside its limits.
    public init<Value>(_ value: Value, _ limits: Limits<Value>) {
        description =
            "its \(limits.name) is \(value), not from \(limits.range.lowerBound) "
            + "to \(limits.range.upperBound)"
    }
}
