import Bounds
import Foundation
import Monitoring
import TestSupport
import Testing
import Watching

@Suite("The scanner of JSON lines", .timeLimit(.minutes(5)))
struct LineScannerTests {
    /// Reads a value of the expected kind.
    private func check(
        _ expected: JSONValue, _ scanner: inout LineScanner
    ) throws(LineScanner.Fault) -> Bool {
        switch expected {
        case .null: return try scanner.number() == nil
        case .bool(let value): return try scanner.raw() == "\(value)"
        case .number(let value):
            guard let read = try scanner.number() else { return false }
            return abs(read - value) <= 2 * max(read.ulp, value.ulp)
        case .text(let value):
            var copy = scanner
            let (raw, text) = (try copy.raw(), try scanner.text())
            return raw == value && text == plainText(value, limit: LineScanner.longestText)
        case .list(let values):
            var (rest, isRight) = (values[...], true)
            try scanner.array { scanner throws(LineScanner.Fault) in
                guard let next = rest.popFirst() else { throw LineScanner.Fault() }
                isRight = try check(next, &scanner) && isRight
            }
            return isRight && rest.isEmpty
        case .object(let members):
            var (rest, isRight) = (members, true)
            try scanner.object { scanner, key throws(LineScanner.Fault) in
                guard let next = rest.removeValue(forKey: key) else { throw LineScanner.Fault() }
                isRight = try check(next, &scanner) && isRight
            }
            return isRight && rest.isEmpty
        }
    }

    /// The same JSON with every character beyond ASCII escaped, as in events.
    private func escaped(_ json: String) -> String {
        json.utf16.reduce(into: "") { text, unit in
            if unit < 0x7F, let scalar = UnicodeScalar(unit) {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16, uppercase: unit & 1 == 0)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }

    private func randomLine(_ random: inout SplitMix64) throws -> (JSONValue, String) {
        let encoder = JSONEncoder()
        if Bool.random(using: &random) { encoder.outputFormatting.insert(.prettyPrinted) }
        if Bool.random(using: &random) { encoder.outputFormatting.insert(.withoutEscapingSlashes) }
        let value = JSONValue.randomObject(depth: 5, &random)
        let json = String(decoding: try encoder.encode(value), as: UTF8.self)
            .split(separator: "\n").joined(separator: " ")
        return (value, Bool.random(using: &random) ? escaped(json) : json)
    }

    @Test("reads what JSONEncoder writes as JSONDecoder does, and can skip any value")
    func agreesWithFoundation() throws {
        var random = SplitMix64(state: 1)
        for _ in 0..<1500 {
            let (_, line) = try randomLine(&random)
            let expected = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
            var scanner = LineScanner(Array(line.utf8)[...])
            #expect(try check(expected, &scanner), "\(line)")
            #expect(scanner.isAtEnd)
            var skipper = LineScanner(Array("\(line),".utf8)[...])
            try skipper.skip()
            #expect(!skipper.isAtEnd)
        }
    }

    @Test("reads numbers of every magnitude within two units of the last place")
    func numbers() throws {
        var random = SplitMix64(state: 2)
        for _ in 0..<20_000 {
            let value = JSONValue.randomNumber(&random)
            var scanner = LineScanner(Array("\(value)".utf8)[...])
            let read = try #require(try scanner.number())
            #expect(abs(read - value) <= 2 * value.ulp, "\(value) was read as \(read)")
            #expect(read.sign == value.sign)
        }
    }

    private static let manyDigits: [(String, Double)] = [
        ("1" + String(repeating: "0", count: 300), 1e300), ("0e999999999999", 0),
        ("0." + String(repeating: "0", count: 100_000) + "1", 0), ("1e-999999999999", 0),
        ("123456789012345678901234567890", 1.234_567_890_123_456_8e29),
        ("0." + String(repeating: "3", count: 100_000), 1.0 / 3), ("1E+2", 100), ("-0", 0),
        ("25e-1", 2.5),
    ]

    @Test("reads numbers with many digits or a huge exponent", arguments: manyDigits)
    func longNumbers(_ text: String, _ value: Double) throws {
        var scanner = LineScanner(Array(text.utf8)[...])
        let read = try #require(try scanner.number())
        #expect(abs(read - value) <= 2 * value.ulp)
        #expect(scanner.isAtEnd)
    }

    @Test(
        "rejects invalid and overflowing numbers",
        arguments: [
            "", "-", ".5", "e5", "1e", "1e+", "1e 5", "- 1", "+1", "NaN", "1e999", "-1e309", "nul",
            "\"1\"", "[1]",
        ])
    func notNumbers(_ text: String) {
        #expect(throws: LineScanner.Fault.self) {
            var scanner = LineScanner(Array(text.utf8)[...])
            _ = try scanner.number()
            guard scanner.isAtEnd else { throw LineScanner.Fault() }
        }
    }

    @Test("accepts nesting up to its limit, and no deeper")
    func depth() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for depth in [
                LineScanner.deepest - 1, LineScanner.deepest, LineScanner.deepest + 1, 90_000,
            ] {
                let text =
                    String(repeating: open, count: depth) + "1"
                    + String(repeating: close, count: depth)
                var scanner = LineScanner(Array(text.utf8)[...])
                if depth <= LineScanner.deepest {
                    try scanner.skip()
                    #expect(scanner.isAtEnd)
                } else {
                    #expect(throws: LineScanner.Fault.self) { try scanner.skip() }
                }
            }
        }
    }

    @Test("rejects a line that is truncated anywhere")
    func truncated() throws {
        var random = SplitMix64(state: 3)
        for _ in 0..<60 {
            let bytes = Array(try randomLine(&random).1.utf8)
            for end in bytes.indices {
                var scanner = LineScanner(bytes[..<end])
                #expect(throws: LineScanner.Fault.self) { try scanner.skip() }
            }
        }
    }

    @Test("accepts each altered line that JSONDecoder accepts, and never crashes or hangs")
    func mutated() throws {
        var random = SplitMix64(state: 4)
        for _ in 0..<1500 {
            var bytes = Array(try randomLine(&random).1.utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let sign =
                    Array("{}[]\",:\\u0123456789eE+-.ntf \u{1}".utf8)
                    .randomElement(using: &random) ?? 0
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = sign
                case 2: bytes.insert(sign, at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            _ = (EventLine(bytes[...]), TimingLine(bytes[...]), MetricsLine(bytes[...]))
            var reader = LineScanner(bytes[...])
            _ = try? reader.object { scanner, _ throws(LineScanner.Fault) in
                _ = try scanner.raw()
            }
            // The scanner does not skip line breaks, and JSON forbids a comma before an end (RFC 8259).
            guard !bytes.contains(0x0A),
                !String(decoding: bytes, as: UTF8.self).contains(/,\s*[}\]]/),
                (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) != nil
            else { continue }
            var scanner = LineScanner(bytes[...])
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try scanner.skip()
            }
            #expect(scanner.isAtEnd)
        }
    }

    @Test(
        "handles long hostile lines quickly",
        arguments: [
            "[", "{\"a\":", "\"", "\\", "\"\\", "\"\\u", "1", "-", "1e", " ", "null", "[],",
            "\"a\",",
            "{\"time\":", "{},", "\u{0}", "\u{FF}", "\"\\ud800",
        ])
    func longLines(_ part: String) {
        let long = String(repeating: part, count: (1 << 18) / part.utf8.count)
        for text in [long, "{\"text\":\(long)", "{\"text\":\"\(long)\"}", "[\(long)"] {
            let bytes = Array(text.utf8)
            _ = (EventLine(bytes[...]), TimingLine(bytes[...]), MetricsLine(bytes[...]))
            var scanner = LineScanner(bytes[...])
            try? scanner.skip()
        }
    }

    @Test(
        "reads escapes that JSONEncoder does not write, and replaces invalid ones",
        arguments: [
            (#""\u0041\/\b\f\n\r\t""#, "A/\u{8}\u{C}\n\r\t"), (#""\ud83d\ude00""#, "😀"),
            (#""\ud83d""#, "\u{FFFD}"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (#""\uZZZZ""#, "\u{FFFD}"), (#""\u12""#, "u12"), (#""a\"b""#, "a\"b"),
        ])
    func escapes(_ json: String, _ text: String) throws {
        var scanner = LineScanner(Array(json.utf8)[...])
        #expect(try scanner.raw() == text)
    }

    @Test("escapes control characters in a text, and truncates it to the displayed length")
    func plainTexts() throws {
        let long = "a\u{202E}\n" + String(repeating: "é", count: LineScanner.longestText)
        let json = try JSONEncoder().encode([long])
        var scanner = LineScanner([UInt8](json)[...])
        var texts: [String?] = []
        try scanner.array { scanner throws(LineScanner.Fault) in texts.append(try scanner.text()) }
        let text = try #require(texts.first ?? nil)
        #expect(text.hasPrefix("a??é"))
        #expect(text.utf8.count <= LineScanner.longestText)
    }
}
