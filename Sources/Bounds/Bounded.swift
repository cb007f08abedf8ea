/// A number from a message or a file, whose limits are checked where it is decoded.
///
///     @Bounded<StepNumber> public var step: Int
///
/// Decoding throws ``OutOfBounds``. So no sum or product of such numbers can overflow later. A value
/// that the program itself sets is not checked.
@propertyWrapper
public struct Bounded<Kind: Bound>: Sendable, Hashable {
    /// The number.
    public var wrappedValue: Kind.Value

    /// A number of the program's own.
    public init(wrappedValue: Kind.Value) { self.wrappedValue = wrappedValue }
}

extension Bounded: Codable {
    /// Reads a number and checks its limits.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer().decode(Kind.Value.self)
        try self.init(wrappedValue: Kind.checked(value))
    }

    /// Writes the bare number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// A kind of number that comes from elsewhere.
public protocol Bound {
    /// The type of the number.
    associatedtype Value: Comparable & Hashable & Codable & Sendable
    /// What its values can be.
    static var limits: Limits<Value> { get }
}

extension Bound {
    /// Gives a value back if it is within the limits.
    ///
    /// Inlinable, since headers are decoded several times a step: unspecialized it takes 0.4 us.
    @inlinable
    public static func checked(_ value: Value) throws(OutOfBounds) -> Value {
        guard limits.range.contains(value) else { throw OutOfBounds(value, limits) }
        return value
    }
}

/// The least and the greatest value of a kind of number.
public struct Limits<Value: Comparable & Sendable>: Sendable {
    /// What the number is called in an error.
    public let name: String
    /// The values.
    public let range: ClosedRange<Value>

    init(_ name: String, _ range: ClosedRange<Value>) {
        self.name = name
        self.range = range
    }
}

/// A number that is less or greater than it can be.
public struct OutOfBounds: Error, Equatable, CustomStringConvertible {
    /// Which number, its value, and its limits.
    public let description: String

    /// A value beyond its limits.
    public init<Value>(_ value: Value, _ limits: Limits<Value>) {
        description =
            "its \(limits.name) is \(value), not from \(limits.range.lowerBound) "
            + "to \(limits.range.upperBound)"
    }
}
