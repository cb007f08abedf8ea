import TestSupport

/// Any JSON value: what `JSONEncoder` writes and `JSONDecoder` reads.
indirect enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {
            var members: [String: JSONValue] = [:]
            for key in keyed.allKeys {
                members[key.stringValue] = try keyed.decode(JSONValue.self, forKey: key)
            }
            self = .object(members)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let value = try? single.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? single.decode(Double.self) {
            self = .number(value)
        } else if let value = try? single.decode(String.self) {
            self = .text(value)
        } else {
            self = .list(try single.decode([JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in members {
                try container.encode(value, forKey: Key(stringValue: key))
            }
        case .null, .bool, .number, .text, .list:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .list(let values): try container.encode(values)
            default: try container.encodeNil()
            }
        }
    }
}

extension JSONValue {
    /// An object with nested values of all kinds, to this depth.
    static func randomObject(depth: Int, _ random: inout SplitMix64) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            members[randomText(&random)] = randomValue(depth: depth - 1, &random)
        }
        return .object(members)
    }

    private static func randomValue(depth: Int, _ random: inout SplitMix64) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2, 3: .number(randomNumber(&random))
        case 4, 5: .text(randomText(&random))
        case 6:
            .list(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    randomValue(depth: depth - 1, &random)
                })
        default: randomObject(depth: depth, &random)
        }
    }

    static func randomNumber(_ random: inout SplitMix64) -> Double {
        switch Int.random(in: 0...4, using: &random) {
        case 0: return Double(Int.random(in: -1000...1000, using: &random))
        case 1: return Double(Int64.random(in: .min ... .max, using: &random))
        case 2: return Double.random(in: -10...10, using: &random)
        case 3:
            let extremes = [
                0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
                .greatestFiniteMagnitude,
                -.greatestFiniteMagnitude, 1e22, 1e23, 1e-22, 1e-23, 9_007_199_254_740_991, 0.1,
            ]
            return extremes.randomElement(using: &random) ?? 0
        default:
            let value = Double(bitPattern: random.next())
            return value.isFinite ? value : 0.5
        }
    }

    private static func randomText(_ random: inout SplitMix64) -> String {
        let parts = [
            "step", "\"", "\\", "/", "\n", "\r\n", "\t", "\u{8}", "\u{C}", "\0", "\u{1B}[2J", "ä",
            "\u{301}", "\u{202E}", "語", "😀", "{", "}", "[", "]", ":", ",", "null", "\\u0041",
            "\u{2028}", "\u{FFFF}", " ", "\u{7F}",
        ]
        return (0..<Int.random(in: 0...5, using: &random)).map { _ in
            parts.randomElement(using: &random) ?? ""
        }.joined()
    }
}
