import Foundation
import Glibc
import Hashing
import Keys
import Testing
import ZeroMQ

@Suite("Over tcp, only holders of a credential may join", .bench)
struct KeyTests {
    /// Starts a coordinator with its own key.
    private func cluster(
        _ ring: Keyring, _ recipe: Recipe, _ data: SampleData, into run: RunFolder,
        listen: String = "tcp://127.0.0.1:*"
    ) async throws -> Cluster {
        try await Cluster(
            recipe.with("--key", ring.path), data, into: run, listen: listen)
    }

    @Test(
        "and a worker whose credential is not on the list, or that has none, is told what to do",
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
        // If only one side has a key, either side may notice first and hang up.
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

    @Test("and a job's key in the environment precedes any file, on both sides")
    func jobKey() async throws {
        let line = try await tern(["key", "job", "--output", "-"]).output
        let environment = ["TERN_JOB_KEY": line.trimmingCharacters(in: .newlines)]
        let run = RunFolder()
        let arguments = Recipe.small.arguments(for: "coordinator", try SampleData(), into: run)
        let coordinator = try start(
            arguments + ["--listen", "tcp://127.0.0.1:*"], environment: environment)
        let told = try await coordinator.line("workers join with: tern worker --connect ")
        let endpoint = try #require(told.firstMatch(of: /tcp:[^ ]+/)).0
        try await expectRefusal(
            ["worker", "--connect", String(endpoint), "--join-timeout", "1"], status: 76,
            "rejected this worker")
        let worker = try start(["worker", "--connect", String(endpoint)], environment: environment)
        #expect(try await worker.end().status == 0)
        _ = try run.completed(try await coordinator.end())
        try await expectRefusal(
            ["worker", "--connect", String(endpoint)], status: 65, "$TERN_JOB_KEY",
            environment: ["TERN_JOB_KEY": "tern-job-1 0 0"])
    }

    @Test(
        "and a removed worker is disconnected at once, and an added one can join at once"
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

    @Test("and a damaged list is reported and changes nothing")
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

    @Test("and one credential admits one worker at a time, but a pool's many")
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

    @Test("and a worker's wrong answers are counted by credential, whatever else it claims")
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
            // Except for its credential, it is a new worker each time.
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

    @Test("and none of them can pose as the coordinator")
    func impostor() async throws {
        let words = String(decoding: try readFile(bench.keys.worker), as: UTF8.self).split(
            separator: " ")
        let secret = try #require(bytes(ofHexadecimal: Array(words[3].utf8.prefix(64))))
        let impostor = try Impostor()
        try await impostor.listen(CurveKeyPair(secretKey: secret))
        let worker = try start(
            ["worker", "--connect", impostor.endpoint, "--join-timeout", "2"])
        let ending = try await worker.end()
        #expect(ending.status == 76)
        #expect(await impostor.heard == 0, "the worker has told it nothing")
        await impostor.stop()
    }

    @Test("and credentials stay valid while the coordinator's key is rotated")
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

    @Test("and a credential may come from standard input")
    func standardInput() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run)
        let script = "cat \"$1\" - | exec \"$2\" worker --connect \"$3\" --key - --lifeline"
        let worker = try bench.start(
            ["sh", "-c", script, "sh", bench.keys.worker, ternPath, cluster.endpoint])
        // Standard input ends after the credential, and a worker with a lifeline ends with it.
        #expect(try await worker.end().status == 0)
        let again = try bench.start(
            ["sh", "-c", "\"$2\" worker --connect \"$3\" --key - <\"$1\"", "sh"]
                + [bench.keys.worker, ternPath, cluster.endpoint])
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await again.end().status == 0)
    }

    @Test("and a worker waits for the coordinator that accepts its key")
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

    @Test("unless the user opens the run to all, which prints a warning")
    func open() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run, isOpen: true)
        _ = try cluster.worker()
        let ending = try await cluster.coordinator.end()
        _ = try run.completed(ending)
        #expect(
            ending.output.contains(
                "no key: anyone who can reach \(cluster.endpoint) may join"))
    }

    @Test("but over ipc a key is optional")
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
}
