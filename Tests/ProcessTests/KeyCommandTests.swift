import Foundation
import Glibc
import Testing

@Suite("Keys and credentials", .bench)
struct KeyCommandTests {
    @Test(
        "are created when first needed, for their user alone, whatever the umask",
        arguments: ["000", "022", "777"])
    func atHome(umask: String) async throws {
        let environment = [
            "HOME": bench.path("home"), "TERN_KEY": "", "TERN_COORDINATOR_KEY": "",
            "XDG_CONFIG_HOME": "",
        ]
        let home = bench.path("home/.config/tern")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let script = "umask \(umask) && exec \"$@\""
        let made = try await bench.start(
            ["sh", "-c", script, "sh", ternPath, "key", "worker", "gpu1"]
                + ["--output", "\(home)/worker.key"], environment: environment
        ).end()
        #expect(made.status == 0, "\(made)")
        #expect(
            made.output.contains("\(home)/worker.key is the credential gpu1 for the coordinator's"))
        let names = try FileManager.default.contentsOfDirectory(atPath: home).sorted()
        #expect(names == ["coordinator.key", "coordinator.key.workers", "worker.key"])
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(home)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        let list = try await tern(["key", "list"], environment: environment)
        #expect(list.output.contains("gpu1"))
        #expect(list.output.contains("one worker"))

        // Coordinator and worker find them there without file names.
        let run = RunFolder()
        let arguments = Recipe.small.arguments(for: "coordinator", try SampleData(), into: run)
        let coordinator = try start(
            arguments + ["--listen", "tcp://127.0.0.1:*"], environment: environment)
        let line = try await coordinator.line("workers join with: tern ")
        let words = line.split(separator: " ").map(String.init).drop { $0 != "worker" }
        let worker = try start(Array(words), environment: environment)
        _ = try run.completed(try await coordinator.end())
        #expect(try await worker.end().status == 0)
        #expect(coordinator.output.contains("worker gpu1/"))
    }

    @Test("are not created at a mistyped path, on either side")
    func mistyped() async throws {
        let path = bench.path("kye")
        let run = RunFolder()
        let arguments = Recipe.small.arguments(for: "coordinator", try SampleData(), into: run)
        try await expectRefusal(
            arguments + ["--listen", "tcp://127.0.0.1:*", "--key", path], status: 66,
            "there is no coordinator's key \(path): make one with tern key coordinator")
        for command in [["key", "worker", "a"], ["key", "list"], ["key", "remove", "a"]] {
            try await expectRefusal(
                command + ["--key", path], status: 66, "there is no coordinator's key \(path)")
        }
        try await expectRefusal(
            ["worker", "--connect", "tcp://127.0.0.1:9", "--key", path], status: 66,
            "there is no credential \(path): make one on the coordinator's machine with tern key worker"
        )
        for path in [path, run.path, bench.path("a.key")] {
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(
        "are rejected on both sides if others can read them, or if they are invalid or outdated"
    )
    func badKeys() async throws {
        let data = try SampleData()
        let path = bench.path("key")
        func refused(_ status: Int32, _ part: String, key: String) async throws {
            let run = RunFolder()
            let commands = [
                ["worker", "--connect", "tcp://127.0.0.1:9"],
                Recipe.small.arguments(for: "coordinator", data, into: run)
                    + ["--listen", "tcp://127.0.0.1:*"],
            ]
            for command in commands {
                let ending = try await tern(command + ["--key", key])
                expectRefusal(ending, status: status, [part])
            }
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
        func write(_ text: String, mode: Int) throws {
            try Data(text.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        try write("secret\n", mode: 0o644)
        try await refused(
            78, "\(path) can be read or changed by other users: chmod 600 \(path), or,", key: path)
        try write("secret\n", mode: 0o600)
        try await refused(65, "\(path) is not a ", key: path)
        try write("tern-key-1 \(String(repeating: "0", count: 64))\n", mode: 0o600)
        try await refused(
            65,
            "\(path) is a key that all sides share, of an earlier version: make a credential for each "
                + "worker with tern key worker NAME", key: path)
        try await refused(74, "choose another place for the key", key: bench.folder)
        symlink(path, bench.path("link"))
        try await refused(78, "\(bench.path("link")) is a symbolic link", key: bench.path("link"))
        let ending = try await tern(
            ["worker", "--connect", "tcp://127.0.0.1:9"],
            environment: ["HOME": "", "XDG_CONFIG_HOME": "", "TERN_KEY": ""])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("there is no home folder for the key"))
    }

    @Test(
        "have plain names",
        arguments: ["", "a b", "a/b", "-x", "a\u{202E}b", String(repeating: "x", count: 65)])
    func names(name: String) async throws {
        try await expectRefusal(
            ["key", "worker", "--output", bench.path("x"), "--", name], status: 64,
            " is not a worker's name: it has 1 to 64 letters, digits")
        #expect(!FileManager.default.fileExists(atPath: bench.path("x")))
    }

    @Test("are unique for each name, and their files are never replaced")
    func once() async throws {
        let ring = Keyring()
        try await ring.make()
        let file = try await ring.worker("gpu1")
        let content = try readFile(file)
        let list = try readFile("\(ring.path).workers")
        try await expectRefusal(
            ["key", "worker", "gpu1", "--output", bench.path("other")], status: 73,
            "gpu1 has a credential already", environment: ring.environment)
        try await expectRefusal(
            ["key", "worker", "gpu2", "--output", file], status: 73, "\(file) already exists",
            environment: ring.environment)
        try await expectRefusal(
            ["key", "rotate", "--finish"], status: 78, "\(ring.path) holds no next key",
            environment: ring.environment)
        try await expectRefusal(
            ["key", "remove", "gpu3"], status: 66, "has no worker gpu3",
            environment: ring.environment
        )
        #expect(try readFile(file) == content)
        #expect(try readFile("\(ring.path).workers") == list)
        #expect(!FileManager.default.fileExists(atPath: bench.path("other")))
    }
}
