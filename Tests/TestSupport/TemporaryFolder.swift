import FoundationEssentials

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
}
