import Glibc

/// A file operation that failed.
public struct FileError: Error, CustomStringConvertible, Equatable {
    /// The operation that failed, such as `write`.
    public let operation: String
    /// The file or folder.
    public private(set) var path: String
    /// The system's error number.
    public let code: Int32
    /// The option or variable that sets another place for the file; nil if none does.
    private var option: String?
    /// What is wrong with the file itself; nil if a system call failed.
    private let refusal: FileRefusal?

    /// Makes the error of a call that left `code` in `errno`.
    public init(operation: String, path: String, code: Int32, option: String? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        self.option = option
        refusal = nil
    }

    /// Makes the error of a file that Tern rejects, whatever the system would allow.
    public init(operation: String, path: String, refusing refusal: FileRefusal) {
        self.operation = operation
        self.path = path
        self.refusal = refusal
        code = refusal.code
    }

    /// The same error with the option or variable that sets another place.
    public func naming(_ option: String?) -> FileError {
        var error = self
        error.option = option
        return error
    }

    /// The same error about another path to the same file.
    func at(_ path: String) -> FileError {
        var error = self
        error.path = path
        return error
    }

    /// One line: what failed and what to do.
    public var description: String {
        if let refusal { return "\(path) \(refusal.reason): \(refusal.advice)" }
        return "cannot \(operation) \(path): \(reason)" + (remedy.isEmpty ? "" : ": \(remedy)")
    }

    /// The system's text for the error.
    public var reason: String {
        if let refusal { return "It \(refusal.reason)" }
        return switch code {
        case ESPIPE: "It is not a regular file"
        case EFBIG where isReading: "It is larger than a quarter of this machine's memory"
        default: String(cString: strerror(code))
        }
    }

    private var isReading: Bool { operation == "read" }
    private var withOption: String { option.map { ", with \($0)" } ?? "" }

    private var remedy: String {
        switch code {
        case ENOSPC, EDQUOT:
            "free space on that disk" + (option.map { ", or choose another with \($0)" } ?? "")
        case EROFS: "choose a folder on a disk that can be written\(withOption)"
        case EACCES, EPERM:
            isReading
                ? "change its permissions, or those of the folders that it is in"
                : "choose a folder that you may write\(withOption), or change its permissions"
        case EFBIG: isReading ? "check the path" : "raise the limit on file sizes (ulimit -f)"
        case ENOENT:
            isReading ? "check the path" : "check the path, whose folder must exist\(withOption)"
        case ENOTDIR: "a part of this path is a file: check the path"
        case EISDIR: "check the path: a file is needed"
        case ELOOP: "a symbolic link in this path leads back to itself: fix it"
        case ENAMETOOLONG: "choose a shorter path\(withOption)"
        case ENOMEM: "free memory"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EIO: "the disk or network drive has failed; see the system's log (dmesg)"
        case ESTALE: "the network drive has changed: mount it again"
        case ESPIPE: "give a regular file"
        default: ""
        }
    }
}
