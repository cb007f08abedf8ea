import Bounds
import Foundation
import Glibc
import Launching
import Testing
import ZeroMQ

@Suite("tern probe", .bench) struct ProbeTests {
    private let token = ProbeToken.random().text

    /// Starts `tern` with a file as standard input.
    private func start(_ arguments: [String], input path: String) throws -> TernProcess {
        try bench.start(
            ["sh", "-c", #"input=$1 && shift && exec "$@" <"$input""#, "sh", path, ternPath]
                + arguments)
    }

    /// Runs `tern probe` with a line as standard input.
    private func probe(_ arguments: String..., line: String? = nil) async throws -> Ending {
        let input = try writeFile("input", Array("\(line ?? token)\n".utf8))
        return try await start(["probe"] + arguments, input: input).end()
    }

    /// The result of a probe that must have succeeded.
    private func found(_ ending: Ending) throws -> HostProbe {
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        let lines = ending.output.split(separator: "\n")
        #expect(lines.count == 1)
        return try #require(lines.first.flatMap { HostProbe(parsing: String($0)) })
    }

    /// A probe server whose standard input stays open until the test closes it.
    private final class Server: Sendable {
        let process: TernProcess
        let endpoint: String
        private let input: Locked<FileHandle?>

        init(_ token: String, start: ([String], String) throws -> TernProcess) async throws {
            let path = bench.path("server-input")
            guard mkfifo(path, 0o600) == 0 else { throw TestFailure(description: "mkfifo") }
            process = try start(["probe", "--serve", "tcp://127.0.0.1:*"], path)
            // The two ends of the pipe wait for each other to open.
            let handle = try #require(FileHandle(forWritingAtPath: path))
            // A process that another test starts must not inherit it.
            _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
            try handle.write(contentsOf: Data("\(token)\n".utf8))
            input = Locked(handle)
            let line = try await process.line("listening on ")
            endpoint = try #require(line.split(separator: " ").last.map(String.init))
        }

        func end() async throws {
            try input.withLock { input in
                try input?.close()
                input = nil
            }
            let ending = try await process.end()
            #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        }
    }

    private func server() async throws -> Server { try await Server(token, start: start) }

    @Test("reports the host's properties, and the speed of the route to a server")
    func everything() async throws {
        let server = try await server()
        let before = Date.now.timeIntervalSince1970
        let probe = try found(
            try await probe("--connect", server.endpoint, "--folder", bench.path("not/yet/there")))
        #expect((before...Date.now.timeIntervalSince1970).contains(probe.clock))
        #expect(probe.host == plainName(hostName()))
        let processors = try await bench.start(["nproc"]).end().output
        #expect("\(probe.processors)\n" == processors)
        #expect(try #require(probe.lane.value).operationsPerSecond > 1e8)
        #expect(probe.memory > 1 << 20 && probe.folderSpace > 1 << 20)
        #expect(probe.temporarySpace > 1 << 20)
        let speed = try #require(probe.routes[0].speed.value)
        #expect(speed.roundTrip < 1 && speed.bandwidth != nil)
        try await server.end()
    }

    @Test("does not wait long for an obstacle, and names it")
    func unreachable() async throws {
        let closed = try ListeningSocket().port
        let silent = try ListeningSocket()
        let start = ContinuousClock.now
        let ending = try await probe(
            "--connect", "tcp://192.0.2.1:5555", "--connect", "tcp://127.0.0.1:\(closed)",
            "--connect", "tcp://nowhere.invalid:5555", "--connect",
            "tcp://127.0.0.1:\(silent.port)")
        // The limit is 2.5 s; a busy machine gets more.
        #expect(.now - start < .seconds(10))
        let probe = try found(ending)
        let reasons = probe.routes.map { route in
            if case .failed(let reason) = route.speed { reason } else { "" }
        }
        #expect(reasons.count == 4 && !reasons.contains(""))
        #expect(reasons[1] == "refused: nothing listens at that port")
        #expect(reasons[2].contains("nowhere.invalid"))
        #expect(reasons[3] == "no answer within 2 s: a firewall may be in the way")
    }

    @Test("finds no route with an unknown token")
    func wrongToken() async throws {
        let server = try await server()
        let ending = try await probe(
            "--connect", server.endpoint, line: ProbeToken.random().text)
        let expected =
            "another program listens there: the port is taken, or the way leads elsewhere"
        #expect(try found(ending).routes[0].speed == .failed(expected))
        try await server.end()
    }

    @Test("works with a thousand silent peers, and a coordinator can use the port at once")
    func silentPeers() async throws {
        try ResourceNeed(threads: 1, descriptors: 1200).secure()
        let server = try await server()
        let silent = try (0..<1000).map { _ in try RawConnection(server.endpoint) }
        let probe = try found(try await probe("--connect", server.endpoint))
        #expect(probe.routes[0].speed.value?.bandwidth != nil, "\(probe.routes)")
        try await server.end()
        let run = RunFolder()
        let cluster = try await Cluster(.small, SampleData(), into: run, listen: server.endpoint)
        _ = try cluster.worker()
        _ = try run.completed(try await cluster.coordinator.end())
        withExtendedLifetime(silent) {}
    }

    @Test(
        "rejects invalid input with the reason",
        arguments: [
            (["--connect", "tcp://127.0.0.1:1"], "not hexadecimal", "must begin with a token"),
            (["--connect", "ipc://x"], nil, "only tcp://HOST:PORT can be probed"),
            (["--connect", "tcp://a"], nil, "the port is missing"),
            (["--serve", "tcp://192.0.2.1:*"], nil, "no such address"),
            (["--serve", "tcp://*:1", "--lanes", "1"], nil, "--serve takes no other option"),
        ] as [([String], String?, String)])
    func refused(arguments: [String], line: String?, reason: String) async throws {
        let input = try writeFile("input", Array("\(line ?? token)\n".utf8))
        let ending = try await start(["probe"] + arguments, input: input).end()
        #expect(ending.status != 0 && ending.output == "")
        #expect(ending.errors.contains(reason), "\(ending)")
    }
}
