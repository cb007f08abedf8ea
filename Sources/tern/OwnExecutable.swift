import Glibc

/// This program's own file, for the processes that it starts.
enum OwnExecutable {
    /// The file's path.
    static var path: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "/proc/self/exe" }
        // A binary that was replaced while it runs can still be started by its process, and so can
        // one whose name no string can hold.
        guard let path = String(validating: buffer.prefix(count), as: UTF8.self),
            !path.hasSuffix(" (deleted)")
        else { return "/proc/\(getpid())/exe" }
        return path
    }
}
