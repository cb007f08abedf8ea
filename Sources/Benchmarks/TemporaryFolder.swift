import FoundationEssentials
import Glibc
import Training

/// A folder that only this user may enter, for what a measurement leaves behind.
public struct TemporaryFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Makes the folder.
    public init() throws(FileError) {
        var template = Array("/tmp/tern-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(operation: "make a folder in", path: "/tmp", code: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Takes the folder away with all that it holds.
    public func remove() { try? FileManager.default.removeItem(atPath: path) }
}
