import Hashing
import ZeroMQ

/// What a worker needs to join: its name, the coordinator's public key, and the worker's own secret.
///
/// It is one line: `tern-worker-1 NAME PUBLIC-KEY SECRET`, keys in 64 hexadecimal digits each. While
/// the coordinator's key is being replaced, there are two public keys, separated by a comma.
public struct WorkerCredential: Sendable, CustomStringConvertible {
    /// The worker's name.
    public let name: KeyName
    /// The public keys of the coordinator, one or two.
    public let coordinator: [PublicKey]
    private let pair: CurveKeyPair

    private static let heading = "tern-worker-1"
    /// The most public keys of a coordinator.
    private static let mostKeys = 2

    /// Makes a worker's credential for a coordinator.
    ///
    /// - Throws: ``SocketError`` if libzmq was built without encryption.
    public init(_ name: KeyName, for coordinator: CoordinatorKey) throws(SocketError) {
        self.init(name: name, coordinator: coordinator.publicKeys, pair: try .random())
    }

    init(name: KeyName, coordinator: [PublicKey], pair: CurveKeyPair) {
        self.name = name
        self.coordinator = coordinator
        self.pair = pair
    }

    /// Reads the credential in a file, or the workers' half of a ``JobKey``.
    ///
    /// - Throws: ``KeyError``, such as ``KeyError/noCredential(path:)``.
    public init(path: String) throws(KeyError) {
        guard let bytes = try SecretFile.read(path) else { throw .noCredential(path: path) }
        try self.init(bytes, from: path)
    }

    /// Reads the first line of standard input, and no byte more.
    ///
    /// - Throws: ``KeyError``
    public static func readingStandardInput() throws(KeyError) -> WorkerCredential {
        try WorkerCredential(SecretFile.readStandardInput(), from: SecretFile.standardInput)
    }

    private init(_ bytes: [UInt8], from path: String) throws(KeyError) {
        try refuseSharedKey(bytes, path)
        if let job = try JobKey(bytes, from: path) {
            self = job.credential
            return
        }
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        let words = String(decoding: line, as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == Self.heading, let name = KeyName(words[1]),
            let pair = CurveKeyPair(hexadecimal: words[3])
        else { throw .malformed(path: path, .credential) }
        let texts = words[2].split(separator: ",", omittingEmptySubsequences: false)
        let keys = texts.compactMap { PublicKey($0) }
        guard (1...Self.mostKeys).contains(keys.count), keys.count == texts.count else {
            throw .malformed(path: path, .credential)
        }
        self.init(name: name, coordinator: keys, pair: pair)
    }

    /// Writes the credential to a new file.
    ///
    /// - Throws: ``KeyError``
    public func save(to path: String) throws(KeyError) {
        try SecretFile.make("\(line)\n", at: path)
    }

    /// Adds another public key of its coordinator to the credential in a file.
    ///
    /// - Throws: ``KeyError``
    public static func trust(_ key: PublicKey, inFile path: String) throws(KeyError) {
        let credential = try WorkerCredential(path: path)
        guard credential.name != JobKey.workers else { throw .jobKey(path: path) }
        guard !credential.coordinator.contains(key) else { return }
        guard credential.coordinator.count < mostKeys else { throw .tooManyKeys(path: path) }
        let trusting = WorkerCredential(
            name: credential.name, coordinator: credential.coordinator + [key],
            pair: credential.pair)
        try SecretFile.replace("\(trusting.line)\n", at: path)
    }

    /// The line, which is a secret.
    public var line: String {
        let keys = coordinator.map(\.description).joined(separator: ",")
        return "\(Self.heading) \(name) \(keys) \(hexadecimal(pair.secretKey))"
    }

    /// The worker's public key.
    public var publicKey: PublicKey { PublicKey(pair.publicKey) }

    /// The credential's name, and the coordinator's key.
    public var description: String {
        "credential \(name) for the coordinator's key "
            + coordinator.map(\.fingerprint).joined(separator: " or ")
    }

    /// The encryption of a worker's socket.
    public var encryption: Encryption { .client(pair, servers: coordinator.map(\.bytes)) }
}
