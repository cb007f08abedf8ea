import Glibc

/// Why a file is rejected: another user may have put it into the folder.
///
/// Tern accepts only regular files and folders that belong to the run.
public enum FileRefusal: Equatable, Sendable {
    /// A symbolic link, which can lead anywhere.
    case symbolicLink
    /// A file with several names (hard links).
    case hardLinks(Int)
    /// A file that belongs neither to this process's user nor to the folder's owner.
    case otherOwner(UInt32)

    /// What is wrong with it.
    var reason: String {
        switch self {
        case .symbolicLink: "is a symbolic link"
        case .hardLinks(let count): "has \(count) hard links"
        case .otherOwner(let user): "belongs to user \(user)"
        }
    }

    /// Why this is a problem, and what to do.
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

    /// The closest error number of the system.
    var code: Int32 {
        switch self {
        case .symbolicLink: ELOOP
        case .hardLinks: EMLINK
        case .otherOwner: EPERM
        }
    }
}
