import FoundationEssentials
import Glibc

/// What somebody else may have put where a folder is to have a file of its own.
public enum Trap: String, CaseIterable, Sendable {
    case link, danglingLink, folderLink, hardLink, pipe, device, folder, otherOwner

    /// Puts it at a path.
    ///
    /// - Parameters:
    ///   - path: where nothing is.
    ///   - victim: a file in another folder, which it leads to.
    /// - Returns: whether this user may.
    public func set(at path: String, victim: String) -> Bool {
        let folder = String(victim.prefix(upTo: victim.lastIndex(of: "/") ?? victim.endIndex))
        let code =
            switch self {
            case .link: symlink(victim, path)
            case .danglingLink: symlink("\(victim).none", path)
            case .folderLink: symlink(folder, path)
            case .hardLink: Glibc.link(victim, path)
            case .pipe: mkfifo(path, 0o666)
            // That of /dev/null.
            case .device: mknod(path, S_IFCHR | 0o666, 0x103)
            case .folder: mkdir(path, 0o777)
            case .otherOwner: geteuid() == 0 ? copy(of: victim, path) : -1
            }
        return code == 0
    }

    /// The same file, but of a user who is nobody here.
    private func copy(of victim: String, _ path: String) -> Int32 {
        try? FileManager.default.copyItem(atPath: victim, toPath: path)
        return chown(path, 4321, 4321)
    }
}
