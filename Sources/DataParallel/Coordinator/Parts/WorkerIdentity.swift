import Hashing
import Keys
import Protocol

/// Who a worker is, whatever it calls itself and however often it dials: what strikes go by.
///
/// It is the credential whose secret the worker has proved to hold: all workers of a pool are one. Where no
/// credential is needed, it is derived from a secret that the worker tells, and gives nothing of it away.
public struct WorkerIdentity: Hashable, Sendable {
    /// SHA-256, in hexadecimal.
    private let digest: String

    private init(_ text: String) { digest = SHA256.hex(of: Array(text.utf8)) }

    /// The identity of whoever has a secret.
    public init(_ secret: WorkerSecret) { self.init("worker \(secret.text)") }

    /// The identity of a worker that joins; with neither credential nor secret it is known by its connection
    /// alone.
    package init(_ caller: AllowedWorker?, _ hello: Hello, connection: Int) {
        if let caller {
            self.init("credential \(caller.name) \(caller.publicKey)")
        } else if let secret = hello.identity.flatMap(WorkerSecret.init) {
            self.init(secret)
        } else {
            self.init("connection \(connection)")
        }
    }

    /// The digits by which people tell workers apart whose names are alike.
    public func shortForm(digits: Int = 6) -> String { String(digest.prefix(digits)) }
}
