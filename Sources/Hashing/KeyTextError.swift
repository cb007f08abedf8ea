/// Why a text is not the expected Ed25519 key.
public enum KeyTextError: Error, Equatable, CustomStringConvertible {
    /// It is no key in the PEM format.
    case notPEM
    /// It holds the other half of a pair.
    case isPublic
    /// It holds the other half of a pair.
    case isPrivate
    /// A passphrase is needed to read it.
    case encrypted
    /// It holds a key of another type.
    case otherKind(String)

    /// What is wrong with the text, as a clause to follow "it".
    public var description: String {
        switch self {
        case .notPEM: "holds no key in the PEM format"
        case .isPublic: "holds a public key, where the private one is needed"
        case .isPrivate: "holds a private key, where the public one is needed"
        case .encrypted: "is encrypted with a passphrase, which Tern cannot ask for"
        case .otherKind(let kind): "holds a key of the kind \(kind), not ED25519"
        }
    }
}
