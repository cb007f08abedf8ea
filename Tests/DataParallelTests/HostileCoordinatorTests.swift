import DataParallel
import Files
import NeuralNetwork
import Protocol
import Testing

private let run = RunID(7)

/// A worker on a machine with 100 MB of memory: a class, because `#expect` cannot call mutating
/// functions.
@Suite("A worker resists a hostile coordinator") final class HostileCoordinatorTests {
    private var machine = WorkerMachine(
        hello: Hello(host: "a", pid: 1, lanes: 2, kernels: "test"),
        settings: WorkerSettings(joinTimeout: nil), memory: 100_000_000)

    init() {
        machine.start(now: .zero)
        _ = machine.connected(now: .zero)
    }

    private func receive(_ message: CoordinatorMessage) -> [WorkerEffect] {
        machine.receive(message, run: run, now: .zero)
    }

    private func welcome(
        _ architecture: Architecture = sampleArchitecture, examples: Int = 10,
        batchSize: Int = 4, shards: Int = 2
    ) -> CoordinatorMessage {
        .welcome(
            Welcome(
                architecture: jsonText(architecture), examples: examples, batchSize: batchSize,
                shards: shards, seed: 3, labelSmoothing: 0))
    }

    private func refusal(_ effects: [WorkerEffect]) -> String? {
        if case .finish(.refused(let reason))? = effects.last { reason } else { nil }
    }

    @Test(
        "it rejects networks that do not fit into its memory",
        arguments: [
            Architecture(
                imageRows: 28, imageColumns: 28, hiddenSize: 8192, layers: 64, classes: 10),
            Architecture(
                cell: .lstm, imageRows: 16_384, imageColumns: 1, hiddenSize: 100, layers: 1,
                classes: 10),
            Architecture(
                imageRows: 16_384, imageColumns: 16_384, convolutions: [1], hiddenSize: 1,
                layers: 1, classes: 10),
        ])
    func gigantic(architecture: Architecture) {
        let refusal = refusal(receive(welcome(architecture)))
        #expect(refusal?.hasPrefix("the network needs ") == true)
        #expect(refusal?.contains(" MB of memory, and 100 MB are free here: ") == true)
    }

    @Test("it uses the free memory at the time when it reaches the coordinator")
    func freeLater() {
        _ = machine.disconnected(now: .zero)
        _ = machine.connected(memory: 1000, now: .zero)
        #expect(refusal(receive(welcome()))?.contains("and 1 MB are free here") == true)
    }

    @Test("it rejects examples that do not fit into its memory before the first arrives")
    func tooManyExamples() {
        #expect(refusal(receive(welcome(examples: 1 << 30, batchSize: 1, shards: 1))) == nil)
        let refusal = refusal(receive(.assign(SlotRanges(0..<1))))
        #expect(refusal?.hasPrefix("a shard needs ") == true)
        #expect(refusal?.contains(" MB of memory, and ") == true)
    }

    @Test(
        "it rejects an architecture text that is a bomb",
        arguments: [
            String(repeating: "[", count: 60_000), String(repeating: "{\"a\":", count: 10_000),
            String(repeating: "9", count: 60_000), "\u{0}", "{\"imageRows\":1e999}",
        ])
    func bomb(text: String) {
        let welcome = Welcome(
            architecture: text, examples: 10, batchSize: 4, shards: 2, seed: 3, labelSmoothing: 0)
        #expect(refusal(receive(.welcome(welcome))) != nil)
    }

    @Test("it stores no example twice, none outside the shard, and none that it did not request")
    func parts() {
        _ = receive(welcome())
        _ = receive(.assign(SlotRanges(0..<2)))
        let first = ShardPart(shard: 0, first: 0, count: 2)
        #expect(receive(.shardPart(first)).first == .storeShardPart(first))
        for (shard, start, count) in [
            (0, 0, 2), (0, 1, 2), (0, 2, 4), (0, 2, .max), (0, 2, 0), (0, 2, -1), (0, .max, .max),
            (0, -1, 1), (1, 0, 5), (2, 0, 1), (.max, 0, 1), (-1, 0, 1),
        ] {
            let part = ShardPart(shard: shard, first: start, count: count)
            #expect(receive(.shardPart(part)) == [], "\(part)")
        }
        let rest = ShardPart(shard: 0, first: 2, count: 3)
        #expect(receive(.shardPart(rest)).first == .storeShardPart(rest))
    }

    @Test("it limits the number of requests, and ignores empty ones")
    func requests() {
        _ = receive(welcome())
        _ = receive(.assign(SlotRanges(0..<2)))
        for shard in 0..<2 {
            _ = receive(.shardPart(ShardPart(shard: shard, first: 0, count: 5)))
        }
        let nothing = WorkHeader(step: 0, ranges: SlotRanges(1..<1), checksum: 0)
        #expect(receive(.weights(nothing)) == [])
        let work = WorkHeader(step: 0, ranges: SlotRanges(0..<2), checksum: 0)
        _ = receive(.weights(work))
        for _ in 0..<1000 { #expect(receive(.compute(work)) == []) }
        var computations = 1
        while machine.computed(step: 0, now: .zero).contains(.compute(0..<2, step: 0)) {
            computations += 1
        }
        #expect(computations == 3, "the first, and two that waited")
    }

    @Test("it ignores impossible steps and slots")
    func impossible() {
        _ = receive(welcome())
        for (step, range) in [(-1, 0..<1), (0, 0..<3), (0, 2..<3), (.min, 0..<1), (0, 0..<0)] {
            let work = WorkHeader(step: step, ranges: SlotRanges(range), checksum: 0)
            #expect(receive(.weights(work)) == [])
            #expect(receive(.compute(work)) == [])
        }
    }
}
