import Files
import Foundation
import Glibc
import Hashing
import Keys
import Testing

@Suite("The files of a signing key")
struct SigningKeyFileTests {
    @Test("are created as a pair, with a private half that only the owner can read")
    func made() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            let publicPath = try SigningKeyFile.make(path)
            #expect(publicPath == "\(path).pub")
            #expect(try mode(of: path) == 0o600)
            let key = try SigningKeyFile.readPrivate(path)
            #expect(try SigningKeyFile.readPublic(publicPath) == key.publicKey)
        }
    }

    @Test(
        "are both omitted if either would replace something or follow a link",
        arguments: ["", ".pub"])
    func existing(suffix: String) throws {
        try withFolder { folder in
            let (path, other) = ("\(folder)/key", "\(folder)/other")
            for makeObstacle in [
                { try write("", to: path + suffix) },
                { #expect(symlink(other, path + suffix) == 0) },
                { #expect(mkdir(path + suffix, 0o700) == 0) },
            ] {
                try makeObstacle()
                #expect(throws: SigningKeyError.exists(path + suffix)) {
                    try SigningKeyFile.make(path)
                }
                #expect(!Files.exists(other))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
                try FileManager.default.removeItem(atPath: path + suffix)
            }
        }
    }

    @Test(
        "are rejected if others can read or change the private half",
        arguments: [
            (0o600, true), (0o400, true), (0o440, true), (0o660, false), (0o604, false),
            (0o602, false), (0o644, false), (0o601, false),
        ])
    func modes(mode: Int, isRead: Bool) throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            _ = try SigningKeyFile.make(path)
            #expect(chmod(path, mode_t(mode)) == 0)
            if isRead {
                _ = try SigningKeyFile.readPrivate(path)
            } else {
                #expect(throws: SigningKeyError.exposed(path, .mode(isReadOnly: false))) {
                    try SigningKeyFile.readPrivate(path)
                }
            }
        }
    }

    @Test("must be regular files with the right content")
    func kinds() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            let publicPath = try SigningKeyFile.make(path)
            #expect(symlink("key", "\(folder)/link") == 0)
            #expect(throws: SigningKeyError.exposed("\(folder)/link", .link)) {
                try SigningKeyFile.readPrivate("\(folder)/link")
            }
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
            for (name, code) in [("pipe", ESPIPE), ("none", ENOENT), (".", EISDIR)] {
                let error = FileError(operation: "read", path: "\(folder)/\(name)", code: code)
                #expect(throws: SigningKeyError.file(error)) {
                    try SigningKeyFile.readPrivate("\(folder)/\(name)")
                }
                #expect(throws: SigningKeyError.file(error)) {
                    try SigningKeyFile.readPublic("\(folder)/\(name)")
                }
            }
            #expect(throws: SigningKeyError.unusable(path: path, .isPrivate, isPrivate: false)) {
                try SigningKeyFile.readPublic(path)
            }
            #expect(chmod(publicPath, 0o600) == 0)
            #expect(
                throws: SigningKeyError.unusable(path: publicPath, .isPublic, isPrivate: true)
            ) {
                try SigningKeyFile.readPrivate(publicPath)
            }
        }
    }
}
