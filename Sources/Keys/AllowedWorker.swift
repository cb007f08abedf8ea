/// The holder of a credential, as the coordinator lists it.
public struct AllowedWorker: Hashable, Sendable {
    /// The credential's name.
    public let name: KeyName
    /// The credential's public key.
    public let publicKey: PublicKey
    /// Whether it belongs to a pool: many workers may use it at once.
    public let isShared: Bool

    /// An entry of the list.
    public init(name: KeyName, publicKey: PublicKey, isShared: Bool) {
        self.name = name
        self.publicKey = publicKey
        self.isShared = isShared
    }

    /// The user's name of its connections: the name and a part of the key, so that a name with a new
    /// key is another user.
    public var user: String { "\(name):\(publicKey.description.prefix(16))" }
}
