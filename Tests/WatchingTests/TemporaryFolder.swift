import Foundation
import Glibc
import Training

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "tern-watching-" + UUID().uuidString

    init() throws { try Files.makeFolder(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes a folder in it; its path.
    func makeFolder(_ name: String) throws -> String {
        try Files.makeFolder("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    /// Writes a file, which takes the place of one of the same name.
    func write(_ text: String, to name: String) throws {
        try Folder(path).writeAtomically(Array(text.utf8), to: name)
    }

    /// Adds to a file.
    func append(_ text: String, to name: String) throws {
        let file = try Folder(path).openForAppending(name)
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, path: path)
    }
}
