import Files
import Hashing

/// Why a key for signatures cannot be used or made.
public enum SigningKeyError: Error, Equatable, CustomStringConvertible {
    /// The file could not be read or written.
    case file(FileError)
    /// A file exists already where a key was to be made.
    case exists(String)
    /// Other users can access the private key.
    case exposed(String, KeyError.Exposure)
    /// The file does not hold the key that is needed.
    case unusable(path: String, KeyTextError, isPrivate: Bool)

    /// The same error of a file that must be secret.
    init(_ error: KeyError, path: String) {
        self =
            switch error {
            case .exists: .exists(path)
            case .exposed(_, let exposure): .exposed(path, exposure)
            case .file(let error): .file(error)
            default: .unusable(path: path, .notPEM, isPrivate: true)
            }
    }

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .exists(let path):
            "\(path) exists already: choose another name for the new key"
        case .exposed(let path, .mode(isReadOnly: false)):
            "the signing key \(path) can be read or changed by other users: chmod 600 \(path), and "
                + "make a new one if others had access"
        case .exposed(let path, .mode(isReadOnly: true)):
            "the signing key \(path) can be read or changed by other users: mount it with mode 0400"
        case .exposed(let path, .owner(let owner)):
            "the signing key \(path) belongs to user \(owner), not to this one: name a copy of your own"
        case .exposed(let path, .link):
            "the signing key \(path) is a symbolic link: name the file itself"
        case .unusable(let path, .encrypted, _):
            "\(path) \(KeyTextError.encrypted): give a copy without, made by openssl pkey -in "
                + "\(path), with mode 600"
        case .unusable(let path, let error, isPrivate: true):
            "\(path) \(error): make a key with tern key signing, or openssl genpkey -algorithm ed25519"
        case .unusable(let path, let error, isPrivate: false):
            "\(path) \(error): give the signer's public key, the file that ends in .pub"
        }
    }
}
