import Files
import Foundation
import Glibc

/// A temporary folder that is removed with the object.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "tern-watching-" + UUID().uuidString

    init() throws { try Files.makeFolder(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Creates a folder in it, and returns that folder's path.
    func makeFolder(_ name: String) throws -> String {
        try Files.makeFolder("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    /// Writes a file, and replaces any of that name.
    func write(_ text: String, to name: String) throws {
        try Folder(path).writeAtomically(Array(text.utf8), to: name)
    }

    /// Appends to a file.
    func append(_ text: String, to name: String) throws {
        let file = try Folder(path).openForAppending(name)
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, path: path)
    }
}
