import FoundationEssentials
import Training

/// A folder that only this user may enter, for what a measurement leaves behind.
public struct TemporaryFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Makes the folder.
    public init() throws(FileError) { path = try Files.makeTemporaryFolder("tern-bench") }

    /// Takes the folder away with all that it holds.
    public func remove() { try? FileManager.default.removeItem(atPath: path) }
}
