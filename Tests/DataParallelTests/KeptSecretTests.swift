import DataParallel
import Files
import Foundation
import Testing

@Suite("A worker's secret") struct KeptSecretTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "tern-secret-\(UUID())"
    ).path(percentEncoded: false)

    private func withFolder(_ body: (_ workers: String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body("\(folder)/deep/workers")
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    @Test("is the same at each start, for its owner only, and differs between running workers")
    func isKept() throws {
        try withFolder { folder in
            var first: KeptSecret? = try KeptSecret(in: folder)
            let second = try KeptSecret(in: folder)
            #expect(first?.secret != second.secret)
            let made = first?.secret
            first = nil
            let again = try KeptSecret(in: folder)
            #expect(again.secret == made, "the first is free again")
            let files = try names(in: folder)
            #expect(files.count == 2)
            for file in files {
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: "\(folder)/\(file)")
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            withExtendedLifetime((second, again)) {}
        }
    }

    @Test("is replaced if its file is empty or damaged")
    func damaged() throws {
        try withFolder { folder in
            let made = try KeptSecret(in: folder).secret
            let path = try #require(try names(in: folder).first)
            for content in ["", "\0\0\0\0", String(made.text.prefix(20)), made.text, "x\n"] {
                try Data(content.utf8).write(to: URL(filePath: "\(folder)/\(path)"))
                let anew = try KeptSecret(in: folder).secret
                #expect(anew != made)
                #expect(try KeptSecret(in: folder).secret == anew)
            }
        }
    }

    @Test("is not kept where others can read it, or if no file can be made")
    func refused() throws {
        try withFolder { folder in
            _ = try KeptSecret(in: folder)
            let name = try #require(try names(in: folder).first)
            #expect(chmod("\(folder)/\(name)", 0o644) == 0)
            #expect(throws: FileError.self) { try KeptSecret(in: folder) }
        }
        #expect(throws: FileError.self) { try KeptSecret(in: "/proc/self/nowhere") }
    }
}
