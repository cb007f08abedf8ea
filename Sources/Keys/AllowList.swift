import Files
import Glibc

/// The workers that may join a coordinator: a file with one line per worker.
///
/// A line is `NAME PUBLIC-KEY`, or `NAME PUBLIC-KEY shared` for a pool's credential. Empty lines and
/// text after a `#` are comments.
public struct AllowList: Sendable, Equatable {
    /// The workers, in the order of their lines.
    public let workers: [AllowedWorker]
    private let byKey: [[UInt8]: AllowedWorker]
    private let byUser: [String: AllowedWorker]

    private static let shared = "shared"

    /// A list of workers with different names and keys.
    public init(_ workers: [AllowedWorker]) {
        self.workers = workers
        byKey = Dictionary(workers.map { ($0.publicKey.bytes, $0) }) { first, _ in first }
        byUser = Dictionary(workers.map { ($0.user, $0) }) { first, _ in first }
    }

    /// The worker with a public key.
    func worker(publicKey: [UInt8]) -> AllowedWorker? { byKey[publicKey] }

    /// The worker whose connections carry this user's name.
    func worker(user: String) -> AllowedWorker? { byUser[user] }

    // MARK: - File

    /// The workers that may join a coordinator.
    ///
    /// - Throws: ``KeyError``
    public init(of key: CoordinatorKey) throws(KeyError) {
        if let workers = key.workers {
            self = workers
        } else {
            try self.init(path: key.listPath)
        }
    }

    /// Reads a list; a missing file is an empty list.
    ///
    /// - Throws: ``KeyError``
    public init(path: String) throws(KeyError) {
        let bytes = try SecretFile.read(path) ?? []
        var workers: [AllowedWorker] = []
        var seen: Set<String> = []
        for (number, line) in Self.lines(bytes).enumerated() {
            let words = Self.words(line)
            guard !words.isEmpty else { continue }
            guard let worker = Self.worker(words), seen.insert(worker.name.description).inserted,
                seen.insert(worker.publicKey.description).inserted
            else { throw .malformedLine(number + 1, path: path) }
            workers.append(worker)
        }
        self.init(workers)
    }

    private static func lines(_ bytes: [UInt8]) -> [Substring] {
        String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
    }

    private static func words(_ line: Substring) -> [Substring] {
        line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
    }

    private static func worker(_ words: [Substring]) -> AllowedWorker? {
        guard (2...3).contains(words.count), words.count == 2 || words[2] == shared,
            let name = KeyName(words[0]), let key = PublicKey(words[1])
        else { return nil }
        return AllowedWorker(name: name, publicKey: key, isShared: words.count == 3)
    }

    /// Adds a worker to the list of a coordinator.
    ///
    /// - Throws: ``KeyError``, such as ``KeyError/taken(_:)``.
    public static func add(_ worker: AllowedWorker, for key: CoordinatorKey) throws(KeyError) {
        try change(key) { (list, lines) throws(KeyError) in
            guard !list.workers.contains(where: { $0.name == worker.name }) else {
                throw .taken(worker.name)
            }
            let line = "\(worker.name) \(worker.publicKey)" + (worker.isShared ? " \(shared)" : "")
            if lines.last == "" { lines.removeLast() }
            lines += [line[...], ""]
        }
    }

    /// Removes a worker from the list of a coordinator.
    ///
    /// - Throws: ``KeyError``, such as ``KeyError/unknown(_:path:)``.
    public static func remove(_ name: KeyName, for key: CoordinatorKey) throws(KeyError) {
        try change(key) { (list, lines) throws(KeyError) in
            guard list.workers.contains(where: { $0.name == name }) else {
                throw .unknown(name, path: key.listPath)
            }
            lines.removeAll { words($0).first == name.description[...] }
        }
    }

    /// Changes the lines of a valid list, while no other process does.
    private static func change(
        _ key: CoordinatorKey,
        _ body: (_ list: AllowList, _ lines: inout [Substring]) throws(KeyError) -> Void
    ) throws(KeyError) {
        guard key.workers == nil else { throw .jobKey(path: key.path) }
        let lock = try takeLock(key.path)
        defer { close(lock) }
        var lines = lines(try SecretFile.read(key.listPath) ?? [])
        try body(try AllowList(path: key.listPath), &lines)
        try SecretFile.replace(lines.joined(separator: "\n"), at: key.listPath)
    }

    /// Locks a coordinator's key until the descriptor is closed; other processes hold it only briefly.
    private static func takeLock(_ path: String) throws(KeyError) -> Int32 {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw .file(FileError(operation: "lock", path: path, code: errno))
        }
        for _ in 0..<250 {
            // Without locks, two such commands at once are unlikely enough.
            if Files.lock(file) != .taken { return file }
            usleep(20_000)
        }
        close(file)
        throw .busy(path: path)
    }
}
