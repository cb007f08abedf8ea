import Hashing
import Keys
import Protocol

/// A worker's identity, which does not depend on its name or connection; strikes are counted by it.
///
/// It is the credential whose secret the worker has proved to hold: all workers of a pool are one. If no
/// credential is required, it is derived from a secret in the worker's hello, and does not reveal that secret.
public struct WorkerIdentity: Hashable, Sendable {
    /// SHA-256, in hexadecimal.
    private let digest: String

    private init(_ text: String) { digest = SHA256.hex(of: Array(text.utf8)) }

    /// The identity of the holder of a secret.
    public init(_ secret: WorkerSecret) { self.init("worker \(secret.text)") }

    /// The identity of a worker that joins; without a credential or secret, it is the connection's number.
    package init(_ caller: AllowedWorker?, _ hello: Hello, connection: Int) {
        if let caller {
            self.init("credential \(caller.name) \(caller.publicKey)")
        } else if let secret = hello.identity.flatMap(WorkerSecret.init) {
            self.init(secret)
        } else {
            self.init("connection \(connection)")
        }
    }

    /// A short form for people, to distinguish workers with similar names.
    public func shortForm(digits: Int = 6) -> String { String(digest.prefix(digits)) }
}
