import FoundationEssentials
import Glibc

/// An object that an attacker may put in place of a run's own file.
public enum Trap: String, CaseIterable, Sendable {
    case link, danglingLink, folderLink, hardLink, pipe, device, folder, otherOwner

    /// Creates it at a path.
    ///
    /// - Parameters:
    ///   - path: a path where nothing exists.
    ///   - victim: a file in another folder, which the trap leads to.
    /// - Returns: whether this user may create it.
    public func set(at path: String, victim: String) -> Bool {
        let folder = String(victim.prefix(upTo: victim.lastIndex(of: "/") ?? victim.endIndex))
        let code =
            switch self {
            case .link: symlink(victim, path)
            case .danglingLink: symlink("\(victim).none", path)
            case .folderLink: symlink(folder, path)
            case .hardLink: Glibc.link(victim, path)
            case .pipe: mkfifo(path, 0o666)
            // The device number of /dev/null.
            case .device: mknod(path, S_IFCHR | 0o666, 0x103)
            case .folder: mkdir(path, 0o777)
            case .otherOwner: geteuid() == 0 ? copy(of: victim, path) : -1
            }
        return code == 0
    }

    /// A copy of the file with an owner that does not exist here.
    private func copy(of victim: String, _ path: String) -> Int32 {
        try? FileManager.default.copyItem(atPath: victim, toPath: path)
        return chown(path, 4321, 4321)
    }
}
