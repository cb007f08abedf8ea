import Hashing
import ZeroMQ

/// The key of one job: the coordinator's key pair, and one credential that all of its workers share.
///
/// It is one line, `tern-job-1 SECRET SECRET`: the coordinator's secret and the workers', 64
/// hexadecimal digits each. Coordinator and workers use it instead of their own keys, so a launcher
/// passes one secret to all processes of a job.
public struct JobKey: Sendable {
    /// The coordinator's key, which admits only the holders of ``credential``.
    public let coordinator: CoordinatorKey
    /// The workers' credential.
    public let credential: WorkerCredential
    /// The line, which is a secret.
    public let line: String

    private static let heading = "tern-job-1"
    /// The name of the credential.
    static let workers: KeyName = {
        guard let name = KeyName("job") else { preconditionFailure("a plain name is one") }
        return name
    }()

    /// Makes a key.
    ///
    /// - Throws: ``SocketError`` if libzmq was built without encryption.
    public init() throws(SocketError) {
        self.init(try .random(), try .random(), path: "memory")
    }

    /// Reads the key in a file.
    ///
    /// - Throws: ``KeyError``, such as ``KeyError/noKey(path:)``.
    public init(path: String) throws(KeyError) {
        guard let bytes = try SecretFile.read(path) else { throw .noKey(path: path) }
        guard let key = try JobKey(bytes, from: path) else { throw .malformed(path: path, .job) }
        self = key
    }

    /// Reads the first line of standard input, and no byte more.
    ///
    /// - Throws: ``KeyError``
    public static func readingStandardInput() throws(KeyError) -> JobKey {
        let path = SecretFile.standardInput
        guard let key = try JobKey(SecretFile.readStandardInput(), from: path) else {
            throw .malformed(path: path, .job)
        }
        return key
    }

    /// Parses the key in a text from `path`; nil if the text begins as something else.
    init?(_ bytes: [UInt8], from path: String) throws(KeyError) {
        guard bytes.starts(with: "\(Self.heading) ".utf8) else { return nil }
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        let words = String(decoding: line, as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let coordinator = CurveKeyPair(hexadecimal: words[1]),
            let workers = CurveKeyPair(hexadecimal: words[2])
        else { throw .malformed(path: path, .job) }
        self.init(coordinator, workers, path: path)
    }

    private init(_ pair: CurveKeyPair, _ workers: CurveKeyPair, path: String) {
        let worker = AllowedWorker(
            name: Self.workers, publicKey: PublicKey(workers.publicKey), isShared: true)
        coordinator = CoordinatorKey(
            path: path, pair: pair, next: nil, workers: AllowList([worker]))
        credential = WorkerCredential(
            name: Self.workers, coordinator: coordinator.publicKeys, pair: workers)
        line = "\(Self.heading) \(hexadecimal(pair.secretKey)) \(hexadecimal(workers.secretKey))"
    }

    /// Parses the key in a text, such as the value of a variable.
    ///
    /// - Throws: ``KeyError`` that names `place`.
    public init(parsing text: String, from place: String) throws(KeyError) {
        guard let key = try JobKey(Array(text.utf8), from: place) else {
            throw .malformed(path: place, .job)
        }
        self = key
    }

    /// Writes the key to a new file that only this user can read.
    ///
    /// - Throws: ``KeyError``
    public func save(to path: String) throws(KeyError) {
        try SecretFile.make("\(line)\n", at: path)
    }
}
