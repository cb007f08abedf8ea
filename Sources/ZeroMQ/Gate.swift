/// Decides whom a server lets in, by the public keys of peers that have proved to hold the secret ones
/// (ZAP, ZeroMQ RFC 27).
///
/// It is asked once a connection, on the socket's thread.
public final class Gate: Sendable {
    /// What becomes of a connection.
    public enum Decision: Hashable, Sendable {
        /// It is let in, and each of its messages carries this name: see ``Message/user``.
        case admit(String)
        /// It is refused: the key is unknown.
        case refuse
        /// It is refused for now: the key's holders have made too many connections.
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
