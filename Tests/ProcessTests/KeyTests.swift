import Foundation
import Testing

@Suite("Over tcp, who has the key is let in, and nobody else", .bench)
struct KeyTests {
    /// The words by which a process says which key it has, and where.
    private func key(in line: String) -> Substring? {
        line.firstRange(of: "key ").map { line[$0.lowerBound...] }
    }

    @Test("a key is made at home for all processes of a user, whichever comes first")
    func madeAtHome() async throws {
        let environment = ["HOME": bench.path("home"), "TERN_KEY": "", "XDG_CONFIG_HOME": ""]
        let workers = try (0..<8).map { _ in
            try start(
                ["worker", "--connect", "tcp://127.0.0.1:9"], environment: environment)
        }
        var keys: Set<Substring> = []
        for worker in workers { keys.insert(try #require(key(in: try await worker.line("dials")))) }
        #expect(keys.count == 1)
        #expect(keys.first?.hasSuffix(" in \(bench.path("home/.config/tern/key"))") == true)
        let folder = bench.path("home/.config/tern")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.sorted() == ["key", "workers"], "of what is made on the way nothing is left")
    }

    @Test("the command that the coordinator names is the one that joins it")
    func namedCommand() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with("--listen", "tcp://127.0.0.1:*", "--key", bench.path("mine"))
        let coordinator = try start(
            recipe.arguments(for: "coordinator", try SampleData(), into: run))
        let line = try await coordinator.line("workers join with: tern ")
        let words = line.split(separator: " ").map(String.init)
        let command = words.drop { $0 != "worker" }
        #expect(command.suffix(2) == ["--key", bench.path("mine")])
        let worker = try start(Array(command))
        _ = try run.completed(try await coordinator.end())
        #expect(try await worker.end().status == 0)
        let output = coordinator.output.split(separator: "\n").map(String.init)
        let copied = try #require(output.first { $0.contains("workers need a copy of the key") })
        let held = try #require(worker.output.split(separator: "\n").map(String.init).first)
        #expect(key(in: copied) == key(in: held))
    }

    @Test(
        "a worker with another key, or with none, is turned away, and told what to do",
        arguments: ["another", "none"])
    func turnedAway(key: String) async throws {
        let data = try SampleData()
        let run = RunFolder()
        let cluster = try await Cluster(.small, data, into: run)
        try await expectRefusal(
            [
                "worker", "--connect", cluster.endpoint, "--join-timeout", "1",
                "--key", key == "none" ? key : bench.path(key),
            ], status: 76, "\(cluster.endpoint) rejected this worker",
            "copy the coordinator's key",
            "--key")
        // Where only one side has a key, either may be the first to see it, and to hang up.
        let reason = key == "none" ? "" : "it has a different key"
        try await cluster.coordinator.line("a connection was refused: \(reason)")
        _ = try cluster.worker()
        let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
        #expect(
            try run.completed(try await cluster.coordinator.end()).weights == calm.weights)
    }

    @Test("a worker waits for the coordinator that has its key")
    func waits() async throws {
        let data = try SampleData()
        let other = try await Cluster(.small, data, into: RunFolder("other"), isOpen: true)
        let worker = try start(["worker", "--connect", other.endpoint])
        try await worker.line(
            "the coordinator rejected this worker: check that both use the same key")
        other.coordinator.kill()
        try await other.coordinator.end()
        let run = RunFolder()
        let cluster = try await Cluster(.small, data, into: run, listen: other.endpoint)
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await worker.end().status == 0)
    }

    @Test("an open door is a matter of choice, and of a warning")
    func open() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run, isOpen: true)
        _ = try cluster.worker()
        let ending = try await cluster.coordinator.end()
        _ = try run.completed(ending)
        #expect(
            ending.output.contains(
                "warning: no key: anyone who can reach \(cluster.endpoint) may join"))
    }

    @Test("over ipc there is no key unless one is asked for")
    func overIPC() async throws {
        let data = try SampleData()
        let endpoint = "ipc://\(bench.path("socket"))"
        let run = RunFolder()
        let cluster = try await Cluster(.small, data, into: run, listen: endpoint)
        _ = try cluster.worker()
        let ending = try await cluster.coordinator.end()
        _ = try run.completed(ending)
        #expect(!ending.output.contains("key"))
        #expect(!FileManager.default.fileExists(atPath: bench.path("key")))

        let closed = RunFolder("closed")
        let recipe = Recipe.small.with("--key", bench.path("mine"))
        let other = try await Cluster(recipe, data, into: closed, listen: endpoint)
        try await expectRefusal(
            ["worker", "--connect", endpoint, "--join-timeout", "1"], status: 76,
            "rejected this worker")
        _ = try other.worker("--key", bench.path("mine"))
        _ = try closed.completed(try await other.coordinator.end())
    }

    @Test(
        "a key that others can read, or that is none, is named; so is the want of a place for one")
    func badKeys() async throws {
        let data = try SampleData()
        let path = bench.path("key")
        func refused(_ status: Int32, _ parts: String..., key: String? = nil) async throws {
            let key = key.map { ["--key", $0] } ?? []
            let run = RunFolder()
            let commands = [
                ["worker", "--connect", "tcp://127.0.0.1:9"],
                Recipe.small.arguments(for: "coordinator", data, into: run)
                    + ["--listen", "tcp://127.0.0.1:*"],
            ]
            for command in commands {
                let ending = try await tern(command + key)
                expectRefusal(ending, status: status, parts)
            }
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
        try Data("secret\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try await refused(
            78, "the key \(path) can be read or changed by other users", "chmod 600 \(path), or,")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try await refused(65, "\(path) is not a valid key", "copy the coordinator's")
        try await refused(74, bench.folder, "choose another place for the key", key: bench.folder)
        try await refused(74, "/proc/no", "choose another place for the key", key: "/proc/no/key")
        let ending = try await tern(
            ["worker", "--connect", "tcp://127.0.0.1:9"],
            environment: ["HOME": "", "XDG_CONFIG_HOME": "", "TERN_KEY": ""])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("there is no home folder for the key"))
    }
}
