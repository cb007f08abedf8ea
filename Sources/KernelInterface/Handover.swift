/// What one thread gives to another, such as buffers of a pool.
///
/// `@unchecked Sendable`: the giver never touches the value again, and one receiver takes it. The compiler
/// cannot see this of buffers that come out of a pool; without it, each step would copy all gradients.
public struct Handover<Value>: @unchecked Sendable {
    /// What is handed over.
    public let value: Value

    /// Hands over a value that its giver does not use again.
    public init(_ value: Value) { self.value = value }
}
