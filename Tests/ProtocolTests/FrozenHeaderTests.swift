import Hashing
import Protocol
import TestSupport
import Testing

@Suite("The headers of all messages") struct FrozenHeaderTests {
    private let run = RunID(0xFEDC_BA98_7654_3210)

    private var messages: [any WireMessage] {
        let timing = WorkTiming(
            began: .microseconds(1 << 40), took: .microseconds(9),
            lanes: [.init(start: .microseconds(2), time: .microseconds(3))])
        let sum = PartialSumHeader(
            step: 2, attempt: 8, level: 3, residue: 4, examples: 5, correct: 6, loss: 1 / 3,
            checksum: 7, timing: timing)
        let work = WorkHeader(
            step: 2, attempt: 9, ranges: SlotRanges([3..<5, 9..<10]), checksum: 7)
        let status = WorkerStatus(phase: .fetching, step: 3, seconds: 0.1 + 0.2, clock: 1e9)
        return RoundTripTests.workerMessages as [any WireMessage]
            + [WorkerMessage.partialSum(sum), WorkerMessage.status(status)]
            + RoundTripTests.coordinatorMessages
            + [CoordinatorMessage.weights(work), CoordinatorMessage.compute(work)]
    }

    /// A header as text, as hexadecimal digits, or as the hash of a long one.
    private func line(_ header: [UInt8]) -> String {
        if header.count > 400 { return "\(header.count) bytes, SHA-256 \(SHA256.hex(of: header))" }
        if header.first == UInt8(ascii: "{") { return String(decoding: header, as: UTF8.self) }
        return hexadecimal(header)
    }

    @Test("match the frozen lines")
    func frozen() throws {
        let frozen = FrozenLines("headers", "Headers of messages, and the payloads behind them.")
        let lines = messages.map { "\(line($0.header(run: run))) +\($0.payloadFrames)" }
        #expect(try frozen.differences(from: lines) == [])
    }
}
