/// A value that one thread hands over to another, such as buffers of a pool.
///
/// `@unchecked Sendable`: the giver never touches the value again, and one receiver takes it. The
/// compiler cannot see this for buffers from a pool; without it, each step would copy all
/// gradients.
public struct Handover<Value>: @unchecked Sendable {
    /// The value.
    public let value: Value

    /// Hands over a value that its giver does not use again.
    public init(_ value: Value) { self.value = value }
}
