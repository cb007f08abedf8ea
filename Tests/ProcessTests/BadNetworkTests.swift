import Protocol
import Testing
import ZeroMQ

@Suite("Network problems are reported, and no process waits silently", .bench)
struct BadNetworkTests {
    private func coordinator(_ data: SampleData, _ options: String...) -> [String] {
        Recipe.small.arguments(for: "coordinator", data, into: RunFolder()) + options
    }

    @Test("when a port or a socket's path is in use")
    func inUse() async throws {
        let data = try SampleData()
        let taken = try ListeningSocket()
        try await expectRefusal(
            coordinator(data, "--listen", "tcp://127.0.0.1:\(taken.port)"), status: 69,
            "cannot listen on tcp://127.0.0.1:\(taken.port)", "the address is in use",
            "choose another port")
        let endpoint = "ipc://\(bench.path("socket"))"
        _ = try await Cluster(.small, data, into: RunFolder("first"), listen: endpoint)
        let recipe = Recipe.small.with("--listen", endpoint)
        try await expectRefusal(
            recipe.arguments(for: "coordinator", data, into: RunFolder("second")), status: 69,
            "cannot listen on \(endpoint)", "the address is in use", "choose another path")
    }

    @Test(
        "when an endpoint is malformed",
        arguments: [
            ("somewhere", "the transport is missing: use tcp://HOST:PORT"),
            ("udp://127.0.0.1:5555", "unknown transport 'udp'; use tcp://HOST:PORT"),
            ("tcp://127.0.0.1", "the port is missing"),
            ("tcp://127.0.0.1:http", "'http' is not a port (0 to 65535)"),
            ("tcp://127.0.0.1:70000", "'70000' is not a port (0 to 65535)"),
            ("tcp://:5555", "the host is missing"), ("ipc://", "the form is ipc://PATH"),
        ])
    func malformed(endpoint: String, reason: String) async throws {
        try await expectRefusal(
            coordinator(try SampleData(), "--listen", endpoint), status: 69,
            "cannot listen on \(endpoint): \(reason)")
        try await expectRefusal(
            ["worker", "--connect", endpoint], status: 69,
            "cannot connect to \(endpoint): \(reason)")
    }

    @Test("when no worker joins: the coordinator repeats a message until its timeout")
    func nobody() async throws {
        let arguments = coordinator(
            try SampleData(), "--listen", "tcp://127.0.0.1:*", "--join-timeout", "7")
        let process = try start(arguments)
        try await process.line("waiting for workers for 5 s: 0 here, 1 needed")
        expectRefusal(
            try await process.end(), status: 75,
            ["only 0 of 1 workers joined within --join-timeout", "tern worker --connect"])
        #expect(try RunFolder().summary.status == "failed")
    }

    @Test("when too few workers join: the coordinator stops them")
    func tooFew() async throws {
        let recipe = Recipe.small.with("--min-workers", "3", "--join-timeout", "2")
        let cluster = try await Cluster(recipe, try SampleData(), into: RunFolder())
        let worker = try cluster.worker()
        expectRefusal(
            try await cluster.coordinator.end(), status: 75, ["only 1 of 3 workers joined"])
        #expect(try await worker.end().status == 0)
    }

    @Test("when there is no coordinator: the worker repeats a message until its timeout")
    func noCoordinator() async throws {
        let endpoint = "ipc://\(bench.path("socket"))"
        let worker = try start(["worker", "--connect", endpoint, "--join-timeout", "7"])
        try await worker.line("no coordinator at \(endpoint) for 5 s; still trying")
        expectRefusal(
            try await worker.end(), status: 75,
            ["there is no coordinator at \(endpoint) after 7 s", "check the endpoint"])
    }

    @Test("when a worker's coordinator is killed and no other one starts")
    func lostCoordinator() async throws {
        let cluster = try await Cluster(.long, try SampleData.large(), into: RunFolder())
        let worker = try cluster.worker("--join-timeout", "1")
        try await cluster.coordinator.line("Step [20/600]")
        cluster.coordinator.kill()
        let ending = try await worker.end()
        expectRefusal(ending, status: 75, ["there is no coordinator at \(cluster.endpoint)"])
        #expect(ending.output.contains("lost the coordinator at \(cluster.endpoint)"))
    }

    @Test("when a worker connects to something other than a coordinator")
    func somethingElse() async throws {
        let silent = try ListeningSocket()
        let endpoint = "tcp://127.0.0.1:\(silent.port)"
        try await expectRefusal(
            ["worker", "--connect", endpoint, "--join-timeout", "1"], status: 75,
            "there is no coordinator at \(endpoint)", "check the endpoint")
        try await RawPeer.with(.router) { peer in
            let endpoint = try await peer.listen()
            try await expectRefusal(
                ["worker", "--connect", endpoint, "--key", "none", "--join-timeout", "1"],
                status: 75, "nothing at \(endpoint) answers as a coordinator", "check the endpoint")
        }
    }

    @Test("when a worker has another version: it is rejected with a reason, and the run continues")
    func otherWorker() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run, isOpen: true)
        try await RawPeer.with(.dealer) { peer in
            try await peer.dial(cluster.endpoint)
            await peer.send(control("hello", version: 9, #"{"of": "the future"}"#))
            let answer = try await peer.message("refuse").text
            #expect(
                answer.contains(
                    "version 9, not \(protocolVersion): run the same Tern on every machine"))
        }
        try await cluster.coordinator.line(
            "was refused: it speaks protocol version 9, not \(protocolVersion)")
        _ = try cluster.worker()
        _ = try run.completed(try await cluster.coordinator.end())
    }

    @Test("when a coordinator has another version", arguments: ["welcome", "refuse"])
    func otherCoordinator(type: String) async throws {
        try await RawPeer.with(.router) { peer in
            let worker = try start(
                ["worker", "--connect", try await peer.listen(), "--key", "none"])
            let hello = try await peer.message("hello")
            #expect(hello.text.contains("\"tern\":\(protocolVersion)"))
            await peer.send(control(type, version: 9, "{}"), to: hello.sender)
            expectRefusal(
                try await worker.end(), status: 76,
                ["protocol version 9, not \(protocolVersion): run the same Tern on every machine"])
        }
    }

    @Test("when a coordinator sends nonsense: the worker drops the messages and continues")
    func nonsenseToWorker() async throws {
        try await RawPeer.with(.router) { peer in
            let worker = try start(
                ["worker", "--connect", try await peer.listen(), "--key", "none"])
            let sender = try await peer.message("hello").sender
            await peer.send("TERN", [], to: sender)
            try await worker.line("dropped a message: a malformed message")
            await peer.send(
                control("refuse", run: "00000000000000aa", #"{"reason": "go\nhome"}"#), to: sender)
            expectRefusal(try await worker.end(), status: 76, ["go"])
        }
    }

    @Test("when a peer sends nonsense: it is dropped and logged, and the run keeps its bits")
    func nonsenseToCoordinator() async throws {
        let data = try SampleData.large()
        let calm = try await Recipe.long.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run, isOpen: true)
        _ = try cluster.worker()
        try await cluster.coordinator.line("Step [20/600]")
        try await RawPeer.with(.dealer) { peer in
            try await peer.dial(cluster.endpoint)
            let hello = #"{"host": "\u001b[2Jevil\nhost", "pid": 1, "lanes": 1, "kernels": "x"}"#
            await peer.send(control("hello", hello))
            let welcome = try await peer.message("welcome").text
            let key = try #require(welcome.firstRange(of: #""run":""#))
            let name = String(welcome[key.upperBound...].prefix(16))
            await peer.send("")
            await peer.send("{")
            await peer.send(control("ready", run: name, #"{"first": -1, "count": 99}"#))
            await peer.send(control("fetch", run: name, #"{"shard": 999, "first": 0}"#))
            await peer.send(control("hello", hello), [1], [2], [3])
            await peer.send([Array("TERN".utf8) + [UInt8](repeating: 255, count: 52), [1, 2, 3]])
            try await cluster.coordinator.line("dropped a message from")
            await peer.send([[UInt8](repeating: 0, count: 1 << 17)])
            try await cluster.coordinator.line("header is too long")
        }
        let ending = try await cluster.coordinator.end()
        #expect(try run.completed(ending).weights == calm.weights)
        #expect(!ending.output.contains("\u{1B}"))
        #expect(!ending.output.contains("\nhost"))
    }
}
