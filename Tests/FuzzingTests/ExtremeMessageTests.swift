import Fuzzing
import Protocol
import Testing

@Suite("A message with an absurd number is rejected or does no harm")
struct ExtremeMessageTests {
    /// Numbers that may have any value, because they are a key or a checksum.
    private static let free: Set = ["seed", "tern"]
    /// Values outside the limits of every number in a message.
    private static let absurd: Set = [
        "\(Int.max)", "\(Int.min)", "\(1 << 53)", "1e300", "-1e300", "1e400", "-1",
    ]

    /// Each number of each message, set to each extreme, as sent over the wire.
    private static func altered<Message: DrawnMessage>(_: Message.Type) -> [(AlteredNumber, Int)] {
        Message.samples.flatMap { message in
            let header = message.header(run: fuzzedRun)
            // From the run's id on; the bytes before it identify the format.
            let all =
                header.starts(with: "TERN".utf8)
                ? alteredNumbers(ofHeader: header, in: 16..<header.count)
                : alteredNumbers(ofJSON: header)
            return all.map { ($0, message.payloadFrames) }
        }
    }

    /// Checks that each is rejected with a typed error or passes `check` without a trap.
    private func decodeAll<Message: DrawnMessage>(
        _ type: Message.Type, nested: Set<String> = [], _ check: (Message) -> Void
    ) {
        var count = 0
        for (altered, payloadFrames) in Self.altered(type) {
            guard
                let message = try? Message.decode(altered.bytes, payloadFrames: payloadFrames)
                    .message
            else { continue }
            let isText = altered.bytes.first == UInt8(ascii: "{")
            if isText, !Self.free.contains(altered.field), !nested.contains(altered.field) {
                #expect(
                    !Self.absurd.contains(altered.value),
                    "\(altered.field) of \(altered.value) was taken: give it a bound")
            }
            check(message)
            count += 1
        }
        #expect(count > 50, "all were refused: nothing was tried")
    }

    @Test("from a worker, at any stage", arguments: CoordinatorStage.allCases)
    func coordinator(stage: CoordinatorStage) {
        decodeAll(WorkerMessage.self) { checkCoordinator($0, at: stage) }
    }

    @Test("from a coordinator, at any stage", arguments: WorkerStage.allCases)
    func worker(stage: WorkerStage) {
        // The fields whose bad values make a worker reject the network.
        let architecture: Set = [
            "imageRows", "imageColumns", "hiddenSize", "layers", "classes", "dropout",
            "convolutions",
        ]
        decodeAll(CoordinatorMessage.self, nested: architecture) { checkWorker($0, at: stage) }
    }

    @Test("a number over its limit is reported with its limits")
    func named() throws {
        let status = WorkerStatus(phase: .computing, step: .max, seconds: 0.5)
        let header = WorkerMessage.status(status).header(run: fuzzedRun)
        #expect(
            throws: ProtocolError.malformed(
                "its step is 9223372036854775807, not from 0 to 4503599627370496")
        ) { try WorkerMessage.decode(header, payloadFrames: 0) }
    }
}
