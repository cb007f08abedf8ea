import Glibc

/// This program's own file, for the processes that it starts.
enum OwnExecutable {
    /// The file's path.
    static var path: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "/proc/self/exe" }
        let path = String(decoding: buffer.prefix(count), as: UTF8.self)
        // A binary that was replaced while it runs can still be started by its process.
        return path.hasSuffix(" (deleted)") ? "/proc/\(getpid())/exe" : path
    }
}
