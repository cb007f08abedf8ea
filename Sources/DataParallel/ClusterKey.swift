import Glibc
import Hashing
import Training
import ZeroMQ

/// Why a key cannot be used.
public enum ClusterKeyError: Error, Equatable, CustomStringConvertible {
    /// The file could not be read or made.
    case file(FileError)
    /// The file does not hold a key.
    case malformed(path: String)
    /// Everybody may read the file, or others may change it; `isFixed` where this user cannot change
    /// that, as on a read-only mount.
    case exposed(path: String, isFixed: Bool)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .file(let error):
            "cannot \(error.operation) \(error.path): \(error.reason): choose another place for the "
                + "key with --key"
        case .malformed(let path):
            "\(path) is not a valid key: copy the coordinator's key again, or delete the file to make "
                + "a new key"
        case .exposed(let path, isFixed: false):
            "the key \(path) can be read or changed by other users: chmod 600 \(path), or, "
                + "where that changes nothing, keep it on another disk with --key"
        case .exposed(let path, isFixed: true):
            "the key \(path) can be read or changed by other users, and its mode cannot be "
                + "changed here: mount it with mode 0400 (Kubernetes: defaultMode: 0400; Docker: "
                + "mode: 0400), or name a copy of mode 600 with --key"
        }
    }
}

/// The secret that a coordinator and its workers share: whoever has it is let in, and nobody else.
///
/// Both sides derive two Curve25519 pairs from it, the coordinator's and the workers': each proves to
/// the other that it knows the secret, and all that they say is encrypted (CurveZMQ, ZeroMQ RFC 26).
/// A file holds it as one line: `tern-key-1` and 64 hexadecimal digits.
public struct ClusterKey: Hashable, Sendable, CustomStringConvertible {
    private let path: String
    /// Eight digits by which people tell keys apart; they give nothing away.
    private let fingerprint: String
    private let coordinator: CurveKeyPair
    private let worker: CurveKeyPair

    private static let heading = "tern-key-1 "
    private static let digits = Array("0123456789abcdef")
    private static let digitCount = 64

    /// The key in a file, which is made if there is none, so that only this user can read it.
    ///
    /// - Throws: ``ClusterKeyError``, or ``SocketError`` where libzmq was built without encryption.
    public init(path: String) throws {
        let line = try Self.line(of: path)
        coordinator = try CurveKeyPair(secretKey: Self.derive("coordinator", from: line))
        worker = try CurveKeyPair(secretKey: Self.derive("worker", from: line))
        fingerprint = String(SHA256.hex(of: Array("fingerprint \(line)".utf8)).prefix(8))
        self.path = path
    }

    /// Which key this is, and where it lies.
    public var description: String { "key \(fingerprint) in \(path)" }

    /// How a coordinator's socket lets workers in.
    var ofCoordinator: Encryption { .server(coordinator, admitting: worker.publicKey) }

    /// How a worker's socket gets in.
    var ofWorker: Encryption { .client(worker, server: coordinator.publicKey) }

    // MARK: - File

    private static func line(of path: String) throws(ClusterKeyError) -> String {
        let bytes: [UInt8]
        do throws(FileError) {
            if !Files.exists(path) { try make(path) }
            bytes = try wholeFile(path)
        } catch {
            throw .file(error)
        }
        let exposure = Files.exposure(of: path)
        guard exposure == .none else {
            throw .exposed(path: path, isFixed: exposure == .fixed)
        }
        let line = String(
            decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self)
        let secret = line.dropFirst(heading.count)
        guard line.hasPrefix(heading), secret.count == digitCount,
            secret.allSatisfy(digits.contains)
        else { throw .malformed(path: path) }
        return line
    }

    /// Reads a key's file, and gives a process that is just writing it a second to finish.
    private static func wholeFile(_ path: String) throws(FileError) -> [UInt8] {
        for _ in 0..<20 {
            let bytes = try Files.read(path)
            if bytes.contains(0x0A) || bytes.count >= heading.utf8.count + digitCount {
                return bytes
            }
            usleep(50_000)
        }
        return try Files.read(path)
    }

    /// Makes a key's file, unless another process has just made it.
    private static func make(_ path: String) throws(FileError) {
        try Files.makeFolder(Files.folder(of: path))
        // Of the system's source of random bytes.
        let secret = (0..<digitCount).map { _ in digits[.random(in: 0..<digits.count)] }
        try Files.makePrivately(Array("\(heading)\(String(secret))\n".utf8), at: path)
    }

    private static func derive(_ role: String, from line: String) -> [UInt8] {
        var sum = SHA256()
        Array("\(role) \(line)".utf8).withUnsafeBytes { sum.update($0) }
        return sum.finalize()
    }
}
