/// A holder of a credential, as the coordinator's list knows it.
public struct AllowedWorker: Hashable, Sendable {
    /// The credential's name.
    public let name: KeyName
    /// The public key that belongs to it.
    public let publicKey: PublicKey
    /// Whether it is a pool's: many workers may use it at once.
    public let isShared: Bool

    /// An entry of the list.
    public init(name: KeyName, publicKey: PublicKey, isShared: Bool) {
        self.name = name
        self.publicKey = publicKey
        self.isShared = isShared
    }

    /// What its connections carry: the name and a part of the key, so that a name that has got another key
    /// is somebody else.
    public var user: String { "\(name):\(publicKey.description.prefix(16))" }
}
