import DataParallel
import Foundation
import Testing

@Suite("A cluster's key") struct ClusterKeyTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "tern-key-\(UUID())"
    ).path(percentEncoded: false)

    private func withFolder(_ body: (_ path: String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body("\(folder)/deep/key")
    }

    @Test("is made where there is none, for its owner alone, and is the same from then on")
    func isMade() throws {
        try withFolder { path in
            let made = try ClusterKey(path: path)
            #expect(try ClusterKey(path: path) == made)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let content = try String(contentsOfFile: path, encoding: .utf8)
            #expect(content.contains(/^tern-key-1 [0-9a-f]{64}\n$/))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep") == ["key"])
            #expect(
                try ClusterKey(path: path + "-of-others").description.prefix(12)
                    != made.description.prefix(12))
        }
    }

    @Test(
        "is no key where the file's words are others",
        arguments: [
            "", "\n", "tern-key-1", "tern-key-2 " + String(repeating: "0", count: 64),
            "tern-key-1 " + String(repeating: "0", count: 63),
            "tern-key-1 " + String(repeating: "0", count: 65),
            "tern-key-1 " + String(repeating: "G", count: 64),
            "tern-key-1 " + String(repeating: "0", count: 64) + "\n\n",
        ])
    func malformed(content: String) throws {
        try withFolder { path in
            _ = try ClusterKey(path: path)
            try Data(content.utf8).write(to: URL(filePath: path))
            #expect(throws: ClusterKeyError.malformed(path: path)) { try ClusterKey(path: path) }
        }
    }

    @Test("may lack the line's end, as what was pasted does")
    func withoutLineEnd() throws {
        try withFolder { path in
            let key = try ClusterKey(path: path)
            let content = try Data(contentsOf: URL(filePath: path))
            try content.dropLast().write(to: URL(filePath: path))
            #expect(try ClusterKey(path: path) == key)
        }
    }

    @Test(
        "must be a secret: it may be read by a group, but not by all, nor written by others",
        arguments: [
            (0o600, true), (0o400, true), (0o640, true), (0o440, true), (0o644, false),
            (0o604, false), (0o660, false), (0o602, false),
        ])
    func permissions(mode: Int, isFine: Bool) throws {
        try withFolder { path in
            _ = try ClusterKey(path: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            if isFine {
                _ = try ClusterKey(path: path)
            } else {
                #expect(throws: ClusterKeyError.exposed(path: path, isFixed: false)) {
                    try ClusterKey(path: path)
                }
            }
        }
    }

    @Test("that can neither be read nor made says why")
    func unusable() throws {
        let error = #expect(throws: ClusterKeyError.self) { try ClusterKey(path: "/proc/no/key") }
        #expect(error?.description.contains("choose another place for the key with --key") == true)
    }
}
