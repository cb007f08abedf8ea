import Files
import Foundation
import Glibc
import Keys
import Requirements
import Testing

/// Keys' files are read and created by the same code as all secret files.
@Suite("A secret's file") struct SecretFileTests {
    @Test("never replaces a file, a folder or a link, even a dangling one")
    func isNew() throws {
        try withFolder { folder in
            let outside = "\(folder)/outside"
            try write("precious", to: "\(folder)/file")
            try write("precious", to: outside)
            mkdir("\(folder)/folder", 0o755)
            symlink(outside, "\(folder)/link")
            symlink("\(folder)/nowhere", "\(folder)/dangling")
            for name in ["file", "folder", "link", "dangling"] {
                let path = "\(folder)/\(name)"
                #expect(throws: KeyError.exists(path: path)) { try CoordinatorKey.make(at: path) }
            }
            #expect(try content(of: "\(folder)/file") == "precious")
            #expect(try content(of: outside) == "precious")
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/nowhere"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(
                names == ["dangling", "file", "folder", "link", "outside"],
                "of what is made on the way nothing is left")
        }
    }

    /// Whether a mode is accepted if the group is one of the process's.
    private static func isFine(_ mode: Int) -> Bool { mode & 0o037 == 0 && mode & 0o400 != 0 }

    @Test("is accepted if only its owner and group can read it, of all 512 modes")
    func modes() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            _ = try CoordinatorKey.make(at: path)
            for mode in 0...0o777 where mode & 0o400 != 0 {
                chmod(path, mode_t(mode))
                if Self.isFine(mode) {
                    _ = try CoordinatorKey(path: path)
                } else {
                    #expect(throws: KeyError.exposed(path: path, .mode(isReadOnly: false))) {
                        try CoordinatorKey(path: path)
                    }
                }
            }
        }
    }

    @Test(
        "may be read by a group only if it is one of this process's, or root's",
        .needs(.root))
    func groups() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            _ = try CoordinatorKey.make(at: path)
            chown(path, 0, 54321)
            chmod(path, 0o440)
            #expect(throws: KeyError.exposed(path: path, .mode(isReadOnly: false))) {
                try CoordinatorKey(path: path)
            }
            chmod(path, 0o400)
            _ = try CoordinatorKey(path: path)
        }
    }

    @Test(
        "is rejected if another user owns it",
        .needs(.root))
    func owners() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            _ = try CoordinatorKey.make(at: path)
            chown(path, 12345, 0)
            #expect(throws: KeyError.exposed(path: path, .owner(12345))) {
                try CoordinatorKey(path: path)
            }
        }
    }

    @Test("may be a link as Kubernetes mounts secrets, and no other link")
    func links() throws {
        try withFolder { folder in
            mkdir("\(folder)/..2024", 0o755)
            _ = try CoordinatorKey.make(at: "\(folder)/..2024/key")
            symlink("..2024", "\(folder)/..data")
            symlink("..data/key", "\(folder)/key")
            _ = try CoordinatorKey(path: "\(folder)/key")
            for target in ["..2024/key", "\(folder)/..2024/key", "nowhere"] {
                let path = "\(folder)/other"
                unlink(path)
                symlink(target, path)
                #expect(throws: KeyError.exposed(path: path, .link)) {
                    try CoordinatorKey(path: path)
                }
            }
        }
    }

    @Test("must be a regular file of at most a megabyte", .timeLimit(.minutes(5)))
    func kinds() throws {
        try withFolder { folder in
            mkfifo("\(folder)/pipe", 0o600)
            mkdir("\(folder)/folder", 0o700)
            try write(String(repeating: "#", count: 1 << 20 + 1), to: "\(folder)/large")
            for (name, code) in [("pipe", ESPIPE), ("folder", EISDIR), ("large", EFBIG)] {
                let path = "\(folder)/\(name)"
                let error = FileError(operation: "read", path: path, code: code)
                #expect(throws: KeyError.file(error)) { try CoordinatorKey(path: path) }
            }
        }
    }
}
