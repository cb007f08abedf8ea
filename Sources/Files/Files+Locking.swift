import Glibc

extension Files {
    /// The result of locking a file.
    public enum LockOutcome: Equatable {
        /// This process holds the lock; no other process does.
        case locked
        /// Another process holds the lock.
        case taken
        /// The file system has no locks; carries the system's error number.
        case unsupported(Int32)
    }

    /// Locks an open file until its descriptor is closed.
    public static func lock(_ file: Int32) -> LockOutcome {
        while true {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return .locked }
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .taken
            default: return lockBytes(file)
            }
        }
    }

    /// F_OFD_SETLK, which Swift's import of the system's headers lacks.
    private static let setOwnLock: Int32 = 37

    /// Locks through `fcntl`: some file systems support only one of `flock` and `fcntl`.
    private static func lockBytes(_ file: Int32) -> LockOutcome {
        var range = Glibc.flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        while fcntl(file, setOwnLock, &range) != 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN, EACCES: return .taken
            default: return .unsupported(errno)
            }
        }
        return .locked
    }
}
