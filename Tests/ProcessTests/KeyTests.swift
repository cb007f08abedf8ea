import Foundation
import Glibc
import Keys
import Testing
import ZeroMQ

/// Files of a coordinator's key and of credentials that a test makes.
struct Keyring {
    let path: String

    init() { path = bench.path("ring/coordinator.key") }

    /// What has the commands use this key.
    var environment: [String: String] { ["TERN_COORDINATOR_KEY": path] }

    func make() async throws {
        #expect(try await tern(["key", "coordinator", "--key", path]).status == 0)
    }

    /// Makes a worker's credential, and gives its file.
    func worker(_ name: String, _ options: String...) async throws -> String {
        let file = bench.path("ring/\(name).key")
        let ending = try await tern(
            ["key", "worker", name, "--output", file] + options, environment: environment)
        #expect(ending.status == 0, "\(ending)")
        return file
    }

    func remove(_ name: String) async throws {
        let ending = try await tern(["key", "remove", name], environment: environment)
        #expect(ending.output == "\(name) may not join any more\n")
    }
}

@Suite("Over tcp, who has a credential may join, and nobody else", .bench)
struct KeyTests {
    /// Starts a coordinator with a key of its own.
    private func cluster(
        _ ring: Keyring, _ recipe: Recipe, _ data: SampleData, into run: RunFolder,
        listen: String = "tcp://127.0.0.1:*"
    ) async throws -> Cluster {
        try await Cluster(
            recipe.with("--key", ring.path), data, into: run, listen: listen)
    }

    @Test(
        "a user's key is made at the first need, for this user alone, whatever the umask",
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

        // Coordinator and worker find them there, and no name of a file is given.
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

    @Test("a mistyped path makes no key, on neither side")
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
        "a worker with a credential that is not on the list, or with none, is rejected and told what to do",
        arguments: ["removed", "foreign", "none"])
    func rejected(kind: String) async throws {
        let data = try SampleData()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        var key = try await ring.worker("removed")
        try await ring.remove("removed")
        switch kind {
        case "foreign": key = bench.keys.worker
        case "none": key = "none"
        default: break
        }
        let cluster = try await cluster(ring, .small, data, into: run)
        try await expectRefusal(
            ["worker", "--connect", cluster.endpoint, "--join-timeout", "1", "--key", key],
            status: 76, "\(cluster.endpoint) rejected this worker", "tern key worker NAME", "--key")
        // Where only one side has a key, either may be the first to see it, and to hang up.
        let reason =
            switch kind {
            case "removed": "its key is unknown or was removed"
            case "foreign": "it has a different key"
            default: ""
            }
        try await cluster.coordinator.line("a connection was refused: \(reason)")
        _ = try cluster.worker("--key", try await ring.worker("later"))
        let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
        #expect(try run.completed(try await cluster.coordinator.end()).weights == calm.weights)
    }

    @Test(
        "a worker that is removed loses its connection at once, and one that is added joins at once"
    )
    func revoked() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        let files = [try await ring.worker("first"), try await ring.worker("second")]
        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "30")
        let cluster = try await cluster(ring, recipe, data, into: run)
        let first = try cluster.worker("--key", files[0])
        try await cluster.coordinator.line("Step [20/600]")
        let second = try cluster.worker("--key", files[1])
        try await cluster.coordinator.line("worker second/")
        try await ring.remove("first")
        try await cluster.coordinator.line("workers with a credential: 1; removed: first")
        let left = try await cluster.coordinator.line(" left: its credential was removed")
        #expect(left.contains("worker first/"))
        try await first.line("the coordinator rejected this worker: check with tern key list there")
        first.kill()
        // In the same run, without a restart.
        let third = try cluster.worker("--key", try await ring.worker("third"))
        try await cluster.coordinator.line("worker third/")
        let ending = try await cluster.coordinator.end()
        let calm = try await recipe.train(data, into: RunFolder("calm"))
        #expect(try run.completed(ending).weights == calm.weights)
        for worker in [second, third] { #expect(try await worker.end().status == 0) }
        #expect(ending.output.components(separatedBy: "worker first/").count > 1)
    }

    @Test("a list that cannot be used is told, and changes nothing")
    func damagedList() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        let file = try await ring.worker("gpu1")
        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "30")
        let cluster = try await cluster(ring, recipe, data, into: run)
        let worker = try cluster.worker("--key", file)
        try await cluster.coordinator.line("Step [20/600]")
        let list = "\(ring.path).workers"
        let sound = try readFile(list)
        try Data("gpu1\n".utf8).write(to: URL(filePath: list))
        try await cluster.coordinator.line(
            "\(list), line 1: not NAME PUBLIC-KEY or NAME PUBLIC-KEY shared; until then the list")
        try Data(sound).write(to: URL(filePath: list))
        try await cluster.coordinator.line("workers with a credential: 1")
        let ending = try await cluster.coordinator.end()
        _ = try run.completed(ending)
        #expect(!ending.output.contains("left:"))
        #expect(try await worker.end().status == 0)
    }

    @Test("one credential lets in one worker at a time; a pool's lets in many")
    func oneWorker() async throws {
        let data = try SampleData()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        let single = try await ring.worker("single")
        let pool = try await ring.worker("pool", "--shared")
        let cluster = try await cluster(
            ring, .small.with("--min-workers", "3"), data, into: run)
        let workers = [try cluster.worker("--key", single), try cluster.worker("--key", single)]
        try await cluster.coordinator.line(
            "a hello of a second worker with the credential single")
        let pooled = try (0..<2).map { _ in try cluster.worker("--key", pool) }
        let ending = try await cluster.coordinator.end()
        _ = try run.completed(ending)
        #expect(ending.output.contains("3 here"))
        for worker in pooled { #expect(try await worker.end().status == 0) }
        for worker in workers { worker.signal(SIGTERM) }
    }

    @Test("strikes go by the credential, whatever else the worker says of itself")
    func strikes() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        let files = [try await ring.worker("liar"), try await ring.worker("honest")]
        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "3")
            .with("--audit", "1", "--checkpoint-every", "50")
        let cluster = try await cluster(ring, recipe, data, into: run)
        let honest = try cluster.worker("--key", files[1])
        for attempt in 0..<8 {
            // Each time it is a new worker, but for its credential.
            let liar = try start(
                ["worker", "--connect", cluster.endpoint, "--key", files[0], "--spoil-every", "3"],
                environment: ["XDG_CONFIG_HOME": bench.path("config-\(attempt)")])
            let ending = try await liar.end()
            guard ending.errors.contains("it sent wrong gradients in step") else { continue }
            #expect(ending.status == 76)
            break
        }
        let ending = try await cluster.coordinator.end()
        let calm = try await recipe.train(data, into: RunFolder("calm"))
        #expect(try run.completed(ending).weights == calm.weights)
        let accusations = ending.output.split(separator: "\n")
            .filter { $0.contains("the coordinator computes different bits") }
        #expect(accusations.count == 2)
        #expect(accusations.allSatisfy { $0.contains("worker liar/") })
        #expect(try await honest.end().status == 0)
    }

    @Test("who holds a credential cannot pass for the coordinator")
    func impostor() async throws {
        let words = String(decoding: try readFile(bench.keys.worker), as: UTF8.self).split(
            separator: " ")
        let digits = Array(words[3].prefix(64))
        let secret = stride(from: 0, to: 64, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        let impostor = try Impostor()
        try await impostor.listen(CurveKeyPair(secretKey: secret))
        let worker = try start(
            ["worker", "--connect", impostor.endpoint, "--join-timeout", "2"])
        let ending = try await worker.end()
        #expect(ending.status == 76)
        #expect(await impostor.heard == 0, "the worker has told it nothing")
        await impostor.stop()
    }

    @Test("the coordinator's key is replaced without a worker's being made anew")
    func rotation() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let ring = Keyring()
        try await ring.make()
        let file = try await ring.worker("gpu1")
        let prepared = try await tern(["key", "rotate"], environment: ring.environment)
        #expect(prepared.status == 0, "\(prepared)")
        let key = try #require(prepared.output.firstMatch(of: /trust ([0-9a-f]{64})\n/)).1
        let trusting = try await tern(["key", "trust", String(key), "--key", file])
        #expect(trusting.output == "\(file) trusts both public keys\n")
        let late = try await ring.worker("gpu2")

        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "2", "--min-workers", "2")
        let cluster = try await cluster(ring, recipe, data, into: run)
        let workers = [try cluster.worker("--key", file), try cluster.worker("--key", late)]
        try await cluster.coordinator.line("worker gpu1/")
        try await cluster.coordinator.line("worker gpu2/")
        try await cluster.coordinator.line("Step [20/600]")
        cluster.coordinator.kill()
        try await cluster.coordinator.end()
        let finished = try await tern(["key", "rotate", "--finish"], environment: ring.environment)
        #expect(finished.status == 0, "\(finished)")
        let again = try start(
            ["coordinator", "--resume", run.path, "--listen", cluster.endpoint]
                + ["--key", ring.path, "--min-workers", "2"])
        let ending = try await again.end()
        #expect(!ending.output.contains(" left: "), "they stay connected: \(ending)")
        let calm = try await Recipe.long.with("--hidden", "16", "--epochs", "2")
            .train(data, into: RunFolder("calm"))
        #expect(try run.completed(ending).weights == calm.weights)
        for worker in workers { #expect(try await worker.end().status == 0) }
    }

    @Test("a credential can come by standard input")
    func standardInput() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run)
        let script = "cat \"$1\" - | exec \"$2\" worker --connect \"$3\" --key - --lifeline"
        let worker = try bench.start(
            ["sh", "-c", script, "sh", bench.keys.worker, ternPath, cluster.endpoint])
        // The input ends behind the credential, and so does a worker with a lifeline.
        #expect(try await worker.end().status == 0)
        let again = try bench.start(
            ["sh", "-c", "\"$2\" worker --connect \"$3\" --key - <\"$1\"", "sh"]
                + [bench.keys.worker, ternPath, cluster.endpoint])
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await again.end().status == 0)
    }

    @Test("a worker waits for the coordinator that has its key")
    func waits() async throws {
        let data = try SampleData()
        let other = try await Cluster(.small, data, into: RunFolder("other"), isOpen: true)
        let worker = try start(["worker", "--connect", other.endpoint])
        try await worker.line(
            "the coordinator rejected this worker: check with tern key list there")
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

        let closed = RunFolder("closed")
        let recipe = Recipe.small.with("--key", bench.keys.coordinator)
        let other = try await Cluster(recipe, data, into: closed, listen: endpoint)
        try await expectRefusal(
            ["worker", "--connect", endpoint, "--join-timeout", "1"], status: 76,
            "rejected this worker")
        _ = try other.worker("--key", bench.keys.worker)
        _ = try closed.completed(try await other.coordinator.end())
    }

    @Test(
        "a key that others can read, that is none, or that all shared before, is named on both sides"
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
        "a worker's name is plain",
        arguments: ["", "a b", "a/b", "-x", "a\u{202E}b", String(repeating: "x", count: 65)])
    func names(name: String) async throws {
        try await expectRefusal(
            ["key", "worker", "--output", bench.path("x"), "--", name], status: 64,
            " is not a worker's name: it has 1 to 64 letters, digits")
        #expect(!FileManager.default.fileExists(atPath: bench.path("x")))
    }

    @Test("a name has one credential, and a credential's file is never replaced")
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

/// A server that holds a worker's key, where a coordinator should be.
private actor Impostor {
    nonisolated let thread = SocketThread(name: "impostor")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    nonisolated let endpoint: String
    private(set) var heard = 0
    private var socket: Socket?

    init() throws { endpoint = "tcp://127.0.0.1:\(try ListeningSocket().port)" }

    func listen(_ pair: CurveKeyPair) throws {
        var options = SocketOptions()
        options.encryption = .server(pair, Gate { _ in .admit("anybody") })
        let socket = try Socket(Context(), .router, options, on: thread)
        self.socket = socket
        try socket.bind(endpoint)
        thread.attach(socket) {
            self.assumeIsolated { impostor in
                while impostor.socket?.receive() != nil { impostor.heard += 1 }
            }
        }
    }

    func stop() async {
        socket?.close()
        await thread.stop()
    }
}
