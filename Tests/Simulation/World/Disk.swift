import Files
import Glibc
import ModelFiles

/// The disk of the coordinator's machine: written and renamed files survive every crash.
final class Disk {
    /// A checkpoint's file.
    struct File {
        var name: String
        var bytes: [UInt8]
    }

    private static let kept = 3

    /// Whether writing fails.
    var isFull = false
    /// The factor by which writes are slower than usual.
    var slowness = 1
    /// The files sorted by name, the newest last.
    private(set) var files: [File] = []

    /// Writes a whole file, or fails if the disk is full.
    func write(_ bytes: [UInt8], step: Int) -> Result<String, FileError> {
        let digits = String(step)
        let name = String(repeating: "0", count: 9 - digits.count) + digits
        if isFull { return .failure(FileError(operation: "write", path: name, code: ENOSPC)) }
        files.removeAll { $0.name == name }
        files.append(File(name: name, bytes: bytes))
        files.sort { $0.name < $1.name }
        files.removeFirst(max(0, files.count - Self.kept))
        return .success(name)
    }

    /// Flips a bit of the newest file if there is an older one.
    func damageNewest(bit: Int) -> Bool {
        guard files.count > 1 else { return false }
        let last = files.count - 1
        let bits = 8 * files[last].bytes.count
        files[last].bytes[bit % bits / 8] ^= 1 << (bit % 8)
        return true
    }

    /// Removes the files of steps after `limit`.
    func remove(after limit: Int) { files.removeAll { Int($0.name).map { $0 > limit } ?? false } }

    /// The newest valid checkpoint.
    func newest() -> Checkpoint? {
        for file in files.reversed() {
            if let checkpoint = try? Checkpoint(parsing: file.bytes, path: file.name) {
                return checkpoint
            }
        }
        return nil
    }
}
