import Foundation
import Protocol
import Testing

/// A small generator with a fixed seed, so that failures repeat.
private struct Lehmer: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

@Suite("A decoded frame") struct HostileFrameTests {
    private let run = RunID(1)

    private var headers: [[UInt8]] {
        RoundTripTests.workerMessages.map { $0.header(run: run) }
            + RoundTripTests.coordinatorMessages.map { $0.header(run: run) }
    }

    /// Decodes as both sides do; random bytes may give any result but a crash.
    private func decode(_ header: [UInt8]) {
        for frames in 0...2 {
            _ = try? WorkerMessage.decode(header, payloadFrames: frames)
            _ = try? CoordinatorMessage.decode(header, payloadFrames: frames)
        }
    }

    @Test("is rejected if truncated anywhere")
    func truncated() {
        for header in headers {
            for length in 0..<header.count {
                let cut = Array(header.prefix(length))
                #expect(throws: ProtocolError.self) {
                    try WorkerMessage.decode(cut, payloadFrames: 0)
                }
                #expect(throws: ProtocolError.self) {
                    try CoordinatorMessage.decode(cut, payloadFrames: 0)
                }
            }
        }
    }

    @Test("is rejected if payload frames are missing or extra")
    func payloads() {
        for message in RoundTripTests.workerMessages {
            #expect(throws: ProtocolError.self) {
                try WorkerMessage.decode(
                    message.header(run: run), payloadFrames: message.payloadFrames + 1)
            }
        }
        for message in RoundTripTests.coordinatorMessages {
            #expect(throws: ProtocolError.self) {
                try CoordinatorMessage.decode(
                    message.header(run: run), payloadFrames: message.payloadFrames + 1)
            }
        }
    }

    @Test("is rejected if it comes from the wrong side")
    func wrongSide() {
        #expect(throws: ProtocolError.self) {
            try WorkerMessage.decode(
                CoordinatorMessage.weights(
                    WorkHeader(step: 0, ranges: SlotRanges(0..<1), checksum: 0)
                ).header(run: run), payloadFrames: 1)
        }
        #expect(throws: ProtocolError.self) {
            try CoordinatorMessage.decode(
                WorkerMessage.ready(SlotRanges(0..<1)).header(run: run), payloadFrames: 0)
        }
    }

    @Test("is rejected if it has another version, which the error names")
    func otherVersion() {
        let text = #"{"tern":9,"run":"0000000000000001","type":"hello","body":{}}"#
        #expect(throws: ProtocolError.otherVersion(9)) {
            try WorkerMessage.decode(Array(text.utf8), payloadFrames: 0)
        }
        var header = CoordinatorMessage.weights(
            WorkHeader(step: 0, ranges: SlotRanges(0..<1), checksum: 0)
        ).header(run: run)
        header[4] = 9
        #expect(throws: ProtocolError.otherVersion(9)) {
            try CoordinatorMessage.decode(header, payloadFrames: 1)
        }
    }

    @Test(
        "has texts without control characters or reversed text",
        arguments: [
            ("\u{1B}[2J\r\n", "?[2J??"), ("a\u{202E}b\u{2066}c\u{200F}d", "a?b?c?d"),
            ("\u{061C}\u{200B}\u{FEFF}", "???"), ("x\u{2028}y\u{2029}z", "x?y?z"),
            ("\u{0}\u{7F}\u{85}\u{AD}", "????"), ("nöde-1 ✓ 日本", "nöde-1 ✓ 日本"),
        ])
    func plain(text: String, shown: String) throws {
        let notices: [(Notice) -> CoordinatorMessage] = [
            CoordinatorMessage.refuse, CoordinatorMessage.stop, CoordinatorMessage.expel,
        ]
        for message in notices {
            let header = message(Notice(reason: text)).header(run: run)
            #expect(
                try CoordinatorMessage.decode(header, payloadFrames: 0).message
                    == message(Notice(reason: shown)))
        }
    }

    @Test(
        "has names of only letters, digits, dots, dashes and underscores",
        arguments: [
            ("\u{1B}[2J\r\n", "__2J__"), ("vm:1#2 left", "vm_1_2_left"), ("a/../b", "a_.._b"),
            ("nöde-1.example", "n_de-1.example"), ("日本", "__"),
            (String(repeating: "h", count: 65), String(repeating: "h", count: 64)),
        ])
    func name(text: String, shown: String) throws {
        let quoted = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        let header = """
            {"tern":\(protocolVersion),"run":"0000000000000001","type":"hello",
            "body":{"host":\(quoted),"kernels":\(quoted),"pid":1,"lanes":1}}
            """
        let message = try WorkerMessage.decode(Array(header.utf8), payloadFrames: 0).message
        guard case .hello(let hello) = message else { throw ProtocolError.malformed("no hello") }
        #expect(hello.host == shown)
        #expect(hello.kernels == shown)
    }

    @Test("is rejected if it has too many keys or containers, or too long texts")
    func shape() {
        let keys = (0..<1000).map { "\"k\($0)\":1" }.joined(separator: ",")
        let text = String(repeating: "x", count: maximumControlSize)
        for body in ["{\(keys)}", String(repeating: "[", count: 3000), "\"\(text)\""] {
            let header =
                #"{"tern":\#(protocolVersion),"run":"0000000000000001","type":"status","body":\#(body)}"#
            #expect(
                throws: ProtocolError.malformed(
                    "its header is longer or deeper than control headers are")
            ) {
                try WorkerMessage.decode(Array(header.utf8), payloadFrames: 0)
            }
        }
    }

    @Test("is rejected if it is longer than any header")
    func tooLong() {
        let header = [UInt8](repeating: UInt8(ascii: " "), count: maximumHeaderSize + 1)
        #expect(throws: ProtocolError.malformed("its header is too long")) {
            try WorkerMessage.decode(header, payloadFrames: 0)
        }
    }

    @Test("never crashes the decoder: 10,000 random and damaged headers", arguments: 0..<4)
    func random(seed: Int) {
        var random = Lehmer(state: UInt64(seed) &+ 1)
        for _ in 0..<1_250 {
            let length = Int.random(in: 0...120, using: &random)
            decode((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            guard var header = headers.randomElement(using: &random) else { continue }
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: header.indices, using: &random)
                header[place] = UInt8.random(in: 0...255, using: &random)
            }
            decode(header)
        }
    }

    @Test(
        "is rejected if its ranges are empty, overlap, are unordered or out of range",
        arguments: [
            [], [0, 0], [0, 4097], [4096, 1], [4095, 2], [3, 1, 3, 1], [3, 2, 4, 1], [5, 1, 3, 1],
            [0, 1, 1, 0], [UInt32.max, 1], [1, UInt32.max], [0, 1, 2],
        ] as [[UInt32]])
    func ranges(numbers: [UInt32]) {
        func bytes(_ number: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        let work = WorkHeader(step: 0, ranges: SlotRanges(0..<1), checksum: 0)
        let header = CoordinatorMessage.compute(work).header(run: run)
        let count = UInt32(numbers.count / 2)
        let wrong = header[..<24] + bytes(count) + header[28..<40] + numbers.flatMap(bytes)
        #expect(throws: ProtocolError.self) {
            try CoordinatorMessage.decode(Array(wrong), payloadFrames: 0)
        }
        guard !numbers.isEmpty else { return }
        let text =
            #"{"tern":\#(protocolVersion),"run":"0000000000000001","type":"ready","body":\#(numbers)}"#
        #expect(throws: ProtocolError.self) {
            try WorkerMessage.decode(Array(text.utf8), payloadFrames: 0)
        }
    }

    @Test("is rejected if a partial sum's times disagree with their count or exceed their limits")
    func times() throws {
        let timing = WorkTiming(
            began: .seconds(1), took: .seconds(1), lanes: [.init(start: .zero, time: .zero)])
        let sum = PartialSumHeader(
            step: 0, level: 0, residue: 0, examples: 1, correct: 0, loss: 1, checksum: 0,
            timing: timing)
        let header = WorkerMessage.partialSum(sum).header(run: run)
        _ = try WorkerMessage.decode(header, payloadFrames: 1)
        var wrong = (57..<80).map { Array(header[..<$0]) } + [header + [0]]
        wrong.append(header[..<56] + [2] + header[57...])
        wrong.append(header[..<56] + [65, 0, 0, 0] + header[60...])
        wrong.append(header[..<71] + [1] + header[72...])
        for header in wrong {
            #expect(throws: ProtocolError.self, "\(header)") {
                try WorkerMessage.decode(header, payloadFrames: 1)
            }
        }
    }

    @Test("is rejected as a block if any field is impossible, and as a message in any case")
    func blocks() throws {
        let work = WorkHeader(step: 0, ranges: SlotRanges(0..<1), checksum: 0)
        let identity = try #require(
            StepIdentity(CoordinatorMessage.weights(work).header(run: run)))
        let header = BlockHeader(identity, offset: 4, count: largestBlock, checksum: 0).header
        _ = try BlockHeader.decode(header)
        var wrong = (0..<48).map { Array(header[..<$0]) } + [header + [0]]
        // The version, the type, the step, the offset, the count, and what must be zero.
        for place in [4, 6, 23, 31, 34, 35, 36] {
            wrong.append(header[..<place] + [header[place] | 0xC1] + header[(place + 1)...])
        }
        for header in wrong {
            #expect(throws: ProtocolError.self, "\(header)") { try BlockHeader.decode(header) }
        }
        #expect(throws: ProtocolError.self) { try WorkerMessage.decode(header, payloadFrames: 1) }
        #expect(throws: ProtocolError.self) {
            try CoordinatorMessage.decode(header, payloadFrames: 1)
        }
    }

    @Test("has slot ranges within the number of slots")
    func limit() {
        #expect(SlotRanges([0..<2, 4..<16]).slots(of: 16) == [0..<2, 4..<16])
        #expect(SlotRanges([0..<2, 4..<17]).slots(of: 16) == nil)
        #expect(SlotRanges(0..<0).slots(of: 1) == [])
    }
}
