import Foundation
import Protocol
import Testing
import ZeroMQ

@Suite("A run gives its usual weights in spite of", .bench)
struct MemberAttackTests {
    /// A status with 13,000 keys, of 140 KB.
    private static let manyKeys: [UInt8] = {
        let keys = (0..<13_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        return Array(control("status", #"{"phase":"idle","seconds":0,\#(keys)}"#).utf8)
    }()

    /// A status of the maximum length, in the run that its sender has joined.
    private static func longStatus(_ run: RunID) -> [UInt8] {
        let text = String(repeating: "x", count: maximumControlSize - 200)
        let body = #"{"phase":"idle","seconds":0,"more":"\#(text)"}"#
        return Array(control("status", run: "\(run)", body).utf8)
    }

    @Test("three members that send endless statuses, which it bans the second time")
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

    /// A member that floods the coordinator until it is expelled, and then reconnects and does so again.
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

    @Test("a member that sends messages of thousands of empty frames")
    func emptyFrames() async throws {
        try await isUndisturbedLater { cluster in
            try await Attacker.with(cluster.endpoint) { attacker in
                try await attacker.join()
                let frames = [[UInt8]](repeating: [], count: 5000)
                // More at once may be dropped unread, as a flood.
                await attacker.offer(frames: frames)
                try await cluster.coordinator.line("frames, over the limit")
                for _ in 0..<100 { await attacker.offer(frames: frames) }
                try await cluster.coordinator.line("evil:1 left: it keeps sending")
            }
        }
    }

    @Test("a member that sends unrequested sums, whose values it does not read")
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

    @Test("strangers that reconnect again and again with the identities of others")
    func claims() async throws {
        try await isUndisturbedLater { cluster in
            try await RawConnection.claimNumbers(cluster.endpoint)
            #expect(!cluster.coordinator.hasEnded)
            // Log lines name a stranger by address, because an attacker could claim a logged identity.
            let told = cluster.coordinator.output.split(separator: "\n")
            #expect(told.contains { $0.contains("from a stranger at 127.0.0.1") })
            #expect(!told.contains { $0.contains(" peer ") })
        }
    }
}

@Suite("A worker with a malicious coordinator", .bench) struct LyingCoordinatorTests {
    @Test("disconnects at an endless message, in bounded memory, and reconnects")
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

    @Test("rejects a network that exceeds its memory, and reports the size")
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
