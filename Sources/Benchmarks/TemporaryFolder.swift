import Files
import FoundationEssentials

/// A folder for a measurement's files, private to this user.
public struct TemporaryFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Makes the folder.
    public init() throws(FileError) { path = try Files.makeTemporaryFolder("tern-bench") }

    /// Removes the folder and its content.
    public func remove() { try? FileManager.default.removeItem(atPath: path) }
}
