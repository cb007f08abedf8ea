import Files
import Glibc

/// The private folder with the coordinator's socket for local workers.
///
/// The coordinator keeps it locked. An unlocked folder belongs to a coordinator that was killed
/// before it had a worker to clean up.
struct MeetingPoint {
    private var folder = ""
    private static let prefix = "tern-meeting"
    private static let socketName = "coordinator"

    /// The endpoint in the folder.
    var endpoint: String { "ipc://\(folder)/\(Self.socketName)" }

    /// Makes a folder that only this user may enter, and removes abandoned ones.
    init() throws(FileError) {
        let place = Self.place
        Self.sweep(place)
        // Another coordinator may remove the folder before it is locked, so this tries again.
        for _ in 0..<10 {
            folder = try Files.makeTemporaryFolder(Self.prefix, in: place)
            let outcome = Self.lock(folder)?.outcome
            if outcome == .locked, Files.isFolder(folder) { return }
            rmdir(folder)
            if case .unsupported = outcome {
                // Uses another prefix, so that coordinators that can lock do not remove the folder.
                folder = try Files.makeTemporaryFolder("tern-unlocked", in: place)
                return
            }
        }
        throw FileError(
            operation: "lock a folder in", path: place, code: EWOULDBLOCK, option: "TMPDIR")
    }

    /// The folder for temporary folders, unless a socket's path in it would be too long.
    private static var place: String {
        let place = Files.temporaryFolder
        let longestSocketPath = 107
        let path = "\(place)/tern-unlocked-XXXXXX/\(socketName)"
        return path.utf8.count <= longestSocketPath ? place : "/tmp"
    }

    /// The meeting point of another process's endpoint.
    init?(endpoint: String) {
        let (scheme, name) = ("ipc://", "/" + Self.socketName)
        guard endpoint.hasPrefix(scheme), endpoint.hasSuffix(name) else { return nil }
        folder = String(endpoint.dropFirst(scheme.count).dropLast(name.count))
    }

    /// Removes the folder, unless it contains other files.
    func remove() {
        unlink("\(folder)/\(Self.socketName)")
        rmdir(folder)
    }

    private static func sweep(_ place: String) {
        for name in (try? Files.names(in: place)) ?? [] where name.hasPrefix("\(prefix)-") {
            let left = MeetingPoint(folder: "\(place)/\(name)")
            guard let (descriptor, outcome) = lock(left.folder) else { continue }
            if outcome == .locked { left.remove() }
            close(descriptor)
        }
    }

    private init(folder: String) { self.folder = folder }

    /// Locks a folder of this user while the returned descriptor is open.
    private static func lock(
        _ folder: String
    ) -> (descriptor: Int32, outcome: Files.LockOutcome)? {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            close(descriptor)
            return nil
        }
        return (descriptor, Files.lock(descriptor))
    }
}
