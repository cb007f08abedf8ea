import Glibc
import Training

/// The private folder that holds the socket at which local workers meet their coordinator.
struct MeetingPoint {
    private let folder: String
    private static let socketName = "coordinator"

    /// The endpoint inside the folder.
    var endpoint: String { "ipc://\(folder)/\(Self.socketName)" }

    /// Makes a folder that only this user may enter.
    init() throws(FileError) { folder = try Files.makeTemporaryFolder("tern") }

    /// The meeting point of an endpoint that another process made.
    init?(endpoint: String) {
        let (scheme, name) = ("ipc://", "/" + Self.socketName)
        guard endpoint.hasPrefix(scheme), endpoint.hasSuffix(name) else { return nil }
        folder = String(endpoint.dropFirst(scheme.count).dropLast(name.count))
    }

    /// Takes the folder away, unless it holds anything else.
    func remove() {
        unlink("\(folder)/\(Self.socketName)")
        rmdir(folder)
    }
}
