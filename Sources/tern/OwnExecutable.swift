import Glibc

/// This program's executable, for its child processes.
enum OwnExecutable {
    /// The executable's path.
    static var path: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "/proc/self/exe" }
        // The link still works if the file was replaced meanwhile, or if its name is not valid
        // UTF-8.
        guard let path = String(validating: buffer.prefix(count), as: UTF8.self),
            !path.hasSuffix(" (deleted)")
        else { return "/proc/\(getpid())/exe" }
        return path
    }
}
