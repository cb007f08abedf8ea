import Files
import FoundationEssentials
import Glibc

/// A temporary folder, removed with the object.
package final class TemporaryFolder {
    package let path: String

    package init() throws {
        let temporary = FileManager.default.temporaryDirectory
        path = temporary.appending(path: "tern-test-\(UUID())").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder.
    package subscript(name: String) -> String { "\(path)/\(name)" }

    /// The names in the folder, sorted.
    package var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// Creates a folder in it, and returns that folder's path.
    package func makeFolder(_ name: String) throws -> String {
        try Files.makeFolder(self[name])
        return self[name]
    }

    /// Writes a file, and replaces any of that name.
    package func write(_ text: String, to name: String) throws {
        try Folder(path).writeAtomically(Array(text.utf8), to: name)
    }

    /// Appends to a file.
    package func append(_ text: String, to name: String) throws {
        let file = try Folder(path).openForAppending(name)
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, path: path)
    }
}
