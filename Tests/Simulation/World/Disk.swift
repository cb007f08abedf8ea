import Files
import Glibc
import ModelFiles

/// The disk of the coordinator's machine: what is written and renamed outlives every crash.
final class Disk {
    /// A checkpoint's file.
    struct File {
        var name: String
        var bytes: [UInt8]
    }

    private static let kept = 3

    /// Whether writing fails.
    var isFull = false
    /// How many times longer than usual a write takes.
    var slowness = 1
    /// The files in order of their names, the newest last.
    private(set) var files: [File] = []

    /// Puts a whole file in its place, or fails for want of room.
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

    /// A bit of the newest file flips, if an older one is left.
    func damageNewest(bit: Int) -> Bool {
        guard files.count > 1 else { return false }
        let last = files.count - 1
        let bits = 8 * files[last].bytes.count
        files[last].bytes[bit % bits / 8] ^= 1 << (bit % 8)
        return true
    }

    /// Removes the files of later steps than `limit`.
    func remove(after limit: Int) { files.removeAll { Int($0.name).map { $0 > limit } ?? false } }

    /// The newest checkpoint that is whole.
    func newest() -> Checkpoint? {
        for file in files.reversed() {
            if let checkpoint = try? Checkpoint(parsing: file.bytes, path: file.name) {
                return checkpoint
            }
        }
        return nil
    }
}
