/// Decides which peers a server admits, by the public key whose secret they have proved to hold (ZAP,
/// ZeroMQ RFC 27).
///
/// It is asked once per connection, on the socket's thread.
public final class Gate: Sendable {
    /// The decision on a connection.
    public enum Decision: Hashable, Sendable {
        /// Admit it; each of its messages then carries this name: see ``Message/user``.
        case admit(String)
        /// Refuse it: the key is unknown.
        case refuse
        /// Refuse it for now: the key's holders have made too many connections.
        case refuseForNow
    }

    let decide: @Sendable (_ publicKey: [UInt8]) -> Decision

    /// A gate that asks `decide`.
    public init(_ decide: @escaping @Sendable (_ publicKey: [UInt8]) -> Decision) {
        self.decide = decide
    }
}

extension Gate: Hashable {
    /// Whether both are the same object.
    public static func == (left: Gate, right: Gate) -> Bool { left === right }

    /// Hashes the object's identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
