import Hashing
import ZeroMQ

/// The coordinator's own key pair (Curve25519), which never leaves its machine.
///
/// A file holds it as one line, `tern-coordinator-1` and the secret in 64 hexadecimal digits. A second
/// line, `next` and another secret, is the pair that will replace it: credentials made in the meantime
/// contain both public keys.
public struct CoordinatorKey: Sendable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The pair in use.
    private let pair: CurveKeyPair
    /// The pair that will replace it.
    private let next: CurveKeyPair?
    /// The workers that may join, for the key of a job; nil if a list beside the key has them.
    public let workers: AllowList?

    private static let heading = "tern-coordinator-1 "
    private static let nextHeading = "next "

    init(path: String, pair: CurveKeyPair, next: CurveKeyPair?, workers: AllowList? = nil) {
        self.path = path
        self.pair = pair
        self.next = next
        self.workers = workers
    }

    /// Reads the key in a file, or the coordinator's half of a ``JobKey``.
    ///
    /// - Throws: ``KeyError``, such as ``KeyError/noKey(path:)``.
    public init(path: String) throws(KeyError) {
        guard let bytes = try SecretFile.read(path) else { throw .noKey(path: path) }
        try refuseSharedKey(bytes, path)
        if let job = try JobKey(bytes, from: path) {
            self = job.coordinator
            return
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard (1...2).contains(lines.count), lines[0].hasPrefix(Self.heading),
            let pair = CurveKeyPair(hexadecimal: lines[0].dropFirst(Self.heading.count))
        else { throw .malformed(path: path, .key) }
        var next: CurveKeyPair?
        if lines.count == 2 {
            next = CurveKeyPair(hexadecimal: lines[1].dropFirst(Self.nextHeading.count))
            guard lines[1].hasPrefix(Self.nextHeading), next != nil else {
                throw .malformed(path: path, .key)
            }
        }
        self.init(path: path, pair: pair, next: next)
    }

    /// Makes a key in a new file.
    ///
    /// - Throws: ``KeyError``, or ``SocketError`` if libzmq was built without encryption.
    public static func make(at path: String) throws -> CoordinatorKey {
        let key = CoordinatorKey(path: path, pair: try .random(), next: nil)
        try SecretFile.make(key.text, at: path)
        return key
    }

    /// Adds the pair that will replace this one, unless there already is one.
    ///
    /// - Throws: ``KeyError``, or ``SocketError`` if libzmq was built without encryption.
    public func preparingRotation() throws -> CoordinatorKey {
        guard workers == nil else { throw KeyError.jobKey(path: path) }
        guard next == nil else { return self }
        return try replaced(by: CoordinatorKey(path: path, pair: pair, next: .random()))
    }

    /// Replaces this pair by the prepared one; nil if none is prepared.
    ///
    /// - Throws: ``KeyError``
    public func rotated() throws(KeyError) -> CoordinatorKey? {
        guard workers == nil else { throw .jobKey(path: path) }
        guard let next else { return nil }
        return try replaced(by: CoordinatorKey(path: path, pair: next, next: nil))
    }

    private func replaced(by key: CoordinatorKey) throws(KeyError) -> CoordinatorKey {
        try SecretFile.replace(key.text, at: path)
        return key
    }

    private var text: String {
        "\(Self.heading)\(hexadecimal(pair.secretKey))\n"
            + (next.map { "\(Self.nextHeading)\(hexadecimal($0.secretKey))\n" } ?? "")
    }

    /// The public key in use, and the one that will replace it.
    public var publicKeys: [PublicKey] {
        [pair, next].compactMap { $0.map { PublicKey($0.publicKey) } }
    }

    /// The path of its list of workers.
    public var listPath: String { "\(path).workers" }

    /// The key's fingerprint and file.
    public var description: String { "key \(publicKeys[0].fingerprint) in \(path)" }

    /// The encryption of a coordinator's socket, with the `gate` that admits its peers.
    public func encryption(_ gate: Gate) -> Encryption { .server(pair, gate) }
}

/// Rejects a key of earlier versions, which all sides shared, with an error of its own.
func refuseSharedKey(_ bytes: [UInt8], _ path: String) throws(KeyError) {
    if bytes.starts(with: "tern-key-1 ".utf8) { throw .sharedKey(path: path) }
}
