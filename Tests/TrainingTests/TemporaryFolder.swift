import FoundationEssentials

/// A temporary folder, removed with the object.
final class TemporaryFolder {
    let path: String

    init() throws {
        let temporary = FileManager.default.temporaryDirectory
        path = temporary.appending(path: "tern-training-\(UUID())").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder.
    subscript(name: String) -> String { "\(path)/\(name)" }

    /// The names in the folder, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}
