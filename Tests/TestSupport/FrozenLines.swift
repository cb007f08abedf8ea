import Files
import FoundationEssentials

/// Lines that must not change: a file of `Tests/Frozen`.
package struct FrozenLines {
    private let path: String
    private let comment: String

    /// The file of this name.
    ///
    /// - Parameter contents: a sentence that describes the lines, for the file's first line.
    package init(_ name: String, _ contents: String) {
        let folder = URL(filePath: #filePath).appending(path: "../../Frozen").standardized
        path = folder.appending(path: "\(name).txt").path(percentEncoded: false)
        comment = """
            # \(contents)
            # Scripts/freeze writes this file, after a change that is meant.

            """
    }

    /// The missing lines, after "-", and the new lines, after "+".
    ///
    /// If `TERN_FREEZE` is set, it writes the lines to the file and compares nothing.
    package func differences(from lines: [String]) throws -> [String] {
        if ProcessInfo.processInfo.environment["TERN_FREEZE"] != nil {
            let text = comment + lines.map { $0 + "\n" }.joined()
            try Data(text.utf8).write(to: URL(filePath: path))
            return []
        }
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let frozen = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
        return lines.difference(from: frozen).map { change in
            switch change {
            case .remove(_, let line, _): "- \(line)"
            case .insert(_, let line, _): "+ \(line)"
            }
        }
    }
}
