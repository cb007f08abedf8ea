import Glibc

/// What lies in a folder that may come from somebody else, where a regular file or folder of its own must be.
public enum FileRefusal: Equatable, Sendable {
    /// A symbolic link, which leads anywhere.
    case symbolicLink
    /// A file that has more names than this one.
    case hardLinks(Int)
    /// A file of a user who is neither this process's nor the folder's.
    case otherOwner(UInt32)

    /// What is the matter with it.
    var reason: String {
        switch self {
        case .symbolicLink: "is a symbolic link"
        case .hardLinks(let count): "has \(count) hard links"
        case .otherOwner(let user): "belongs to user \(user)"
        }
    }

    /// Why that will not do, and what to do.
    var advice: String {
        switch self {
        case .symbolicLink:
            "a run's files must lie in its own folder: put what it leads to in its place, or "
                + "remove it"
        case .hardLinks:
            "writing it would change it under its other names too: put a copy in its place"
        case .otherOwner:
            "it must be yours, or of the one who owns its folder: put a copy in its place"
        }
    }

    /// The system's error number that comes nearest.
    var code: Int32 {
        switch self {
        case .symbolicLink: ELOOP
        case .hardLinks: EMLINK
        case .otherOwner: EPERM
        }
    }
}
