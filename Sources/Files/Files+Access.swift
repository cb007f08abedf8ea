import Glibc

extension Files {
    /// What came of locking a file.
    public enum LockOutcome: Equatable {
        /// No other process has it locked while this one has it open.
        case locked
        /// Another process has locked it.
        case taken
        /// The file system has no locks; with the system's error number.
        case unsupported(Int32)
    }

    /// Locks an open file for as long as its descriptor is open.
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

    /// F_OFD_SETLK, of which Swift's import of the system's headers does not know.
    private static let setOwnLock: Int32 = 37

    /// The same by the other kind of lock: some file systems have the one and not the other.
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
