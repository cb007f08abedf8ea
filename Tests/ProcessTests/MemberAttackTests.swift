import Foundation
import Protocol
import Testing
import ZeroMQ

@Suite("A member that says what nothing asked for is put out, and the run comes to its sum", .bench)
struct MemberAttackTests {
    /// A status with 13,000 keys, in 140 KB.
    private static let manyKeys: [UInt8] = {
        let keys = (0..<13_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        return Array(control("status", #"{"phase":"idle","seconds":0,\#(keys)}"#).utf8)
    }()

    /// A status as long as may be, of the run that its sender has joined.
    private static func longStatus(_ run: RunID) -> [UInt8] {
        let text = String(repeating: "x", count: maximumControlSize - 200)
        let body = #"{"phase":"idle","seconds":0,"more":"\#(text)"}"#
        return Array(control("status", run: "\(run)", body).utf8)
    }

    @Test("three that send statuses without end: at the second time they are banned")
    func statuses() async throws {
        try await isUndisturbedLater { cluster in
            try await withThrowingTaskGroup { group in
                for digit in ["a", "b", "c"] {
                    group.addTask { try await flood(cluster, as: digit) }
                }
                try await group.waitForAll()
            }
        }
    }

    /// A member that floods the coordinator until it is put out, comes back and does so again.
    private func flood(_ cluster: Cluster, as digit: String) async throws {
        try await Attacker.with(cluster.endpoint) { attacker in
            let hello = await attacker.hello(
                "evil\(digit)", identity: String(repeating: digit, count: 32))
            for end in ["", ", and is banned"] {
                try await attacker.join(hello)
                let status = end.isEmpty ? Self.manyKeys : Self.longStatus(await attacker.run)
                for _ in 0..<1000 { await attacker.offer(frames: [status]) }
                try await cluster.coordinator.line(
                    "evil\(digit):1 left: it keeps sending what it was not asked for\(end); ")
                try await attacker.reconnect()
            }
            let reason = try await attacker.introduce(hello, until: "a refusal") { message, _ in
                if case .refuse(let notice) = message { notice.reason } else { nil }
            }
            #expect(reason == "it kept sending what it was not asked for, twice")
        }
    }

    @Test("one that sends messages of thousands of empty frames")
    func emptyFrames() async throws {
        try await isUndisturbedLater { cluster in
            try await Attacker.with(cluster.endpoint) { attacker in
                try await attacker.join()
                let frames = [[UInt8]](repeating: [], count: 5000)
                for _ in 0..<100 { await attacker.offer(frames: frames) }
                try await cluster.coordinator.line("frames, over the limit")
                try await cluster.coordinator.line("evil:1 left: it keeps sending")
            }
        }
    }

    @Test("one that sends sums that it was not asked for, whose numbers are not even looked at")
    func sums() async throws {
        try await isUndisturbedLater { cluster in
            try await Attacker.with(cluster.endpoint) { attacker in
                try await attacker.join()
                let sum = PartialSumHeader(
                    step: 1, level: 0, residue: 0, examples: 1, correct: 0, loss: 1, checksum: 0)
                let header = WorkerMessage.partialSum(sum).header(run: await attacker.run)
                let payload = [UInt8](repeating: 0, count: 10_000)
                for _ in 0..<500 { await attacker.offer(frames: [header, payload]) }
                try await cluster.coordinator.line("evil:1: a partial sum, which was not requested")
                try await cluster.coordinator.line("evil:1 left: it keeps sending")
            }
        }
    }

    @Test("nor does it end when strangers dial again and again, and claim the numbers of others")
    func claims() async throws {
        try await isUndisturbedLater { cluster in
            try await RawConnection.claimNumbers(cluster.endpoint)
            #expect(!cluster.coordinator.hasEnded)
            // Whoever dials is told of by address; a number told would be one that can be claimed.
            let told = cluster.coordinator.output.split(separator: "\n")
            #expect(told.contains { $0.contains("from a stranger at 127.0.0.1") })
            #expect(!told.contains { $0.contains(" peer ") })
        }
    }
}

@Suite("A worker of a coordinator that lies", .bench) struct LyingCoordinatorTests {
    @Test("hangs up on one whose message never ends, in bounded memory, and dials again")
    func endless() async throws {
        let liar = try ListeningSocket()
        let worker = try start(
            ["worker", "--connect", "tcp://127.0.0.1:\(liar.port)", "--key", "none"])
        for size in [100_000, 200, 100_000] {
            let sent = try await RawConnection.answerWithoutEnd(liar, of: size)
            #expect(sent < 300 << 20, "\(sent) bytes of one message were taken")
        }
        try await worker.line("that nothing asked for: hung up on it")
        #expect(try peakMemory(of: worker) < 250)
        worker.signal(SIGTERM)
        #expect(try await worker.end().status == 143)
    }

    @Test("refuses a network that does not fit its memory, and says how much that is")
    func tooLarge() async throws {
        try await RawPeer.with(.router) { peer in
            let worker = try start(
                ["worker", "--connect", try await peer.listen(), "--key", "none"])
            let sender = try await peer.message("hello").sender
            let network = """
                {"imageRows":16384,"imageColumns":16384,"convolutions":[4096],"sequence":"rows",\
                "cell":"lstm","nonlinearity":"tanh","hiddenSize":8192,"layers":64,\
                "isBidirectional":true,"dropout":0,"readout":"last","classes":10}
                """
            let quoted = String(decoding: try JSONEncoder().encode(network), as: UTF8.self)
            let body = """
                {"architecture":\(quoted),"examples":10,"batchSize":4,"shards":2,"seed":1,\
                "labelSmoothing":0}
                """
            await peer.send(control("welcome", run: "00000000000000aa", body), to: sender)
            expectRefusal(
                try await worker.end(), status: 76,
                ["the network needs ", " MB of memory, and ", " MB are free here: "])
        }
    }
}
