import Testing

/// Reads Prometheus' text format (version 0.0.4), strictly.
struct PrometheusReader {
    /// A line with a value.
    struct Sample {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    /// The samples, in order.
    private(set) var samples: [Sample] = []
    /// The types of the metrics.
    private(set) var types: [String: String] = [:]
    /// Descriptions of the faults.
    private(set) var faults: [String] = []

    private var helps: Set<String> = []
    private var seen: Set<[String]> = []

    /// Reads a text.
    init(_ text: String) {
        if !text.utf8.isEmpty, text.utf8.last != UInt8(ascii: "\n") {
            faults.append("no last line end")
        }
        // Only LF ends a line.
        for bytes in text.utf8.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).dropLast() {
            let line = String(bytes) ?? ""
            if line.hasPrefix("#") { readComment(line) } else { readSample(line) }
        }
    }

    private mutating func readComment(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4, words[0] == "#" else { return faults.append(line) }
        switch words[1] {
        case "HELP":
            if !helps.insert(words[2]).inserted { faults.append("twice: \(line)") }
        case "TYPE":
            if types[words[2]] != nil { faults.append("twice: \(line)") }
            if !["gauge", "counter", "histogram"].contains(words[3]) { faults.append(line) }
            types[words[2]] = words[3]
        default: faults.append(line)
        }
    }

    private mutating func readSample(_ line: String) {
        var rest = line[...].unicodeScalars
        let name = Self.takeName(&rest)
        var labels: [String: String] = [:]
        var isWhole = true
        if rest.first == "{" {
            repeat {
                rest.removeFirst()
                let label = Self.takeName(&rest)
                isWhole = isWhole && !label.isEmpty && labels[label] == nil
                guard rest.starts(with: "=\"".unicodeScalars) else { return faults.append(line) }
                rest = rest.dropFirst(2)
                guard let value = Self.takeValue(&rest) else { return faults.append(line) }
                labels[label] = value
            } while rest.first == ","
            guard rest.popFirst() == "}" else { return faults.append(line) }
        }
        guard isWhole, !name.isEmpty, rest.popFirst() == " ", let value = Double(String(rest))
        else {
            return faults.append(line)
        }
        let base = Self.base(of: name, types)
        if types[base] == nil || !helps.contains(base) {
            faults.append("no HELP and TYPE: \(line)")
        }
        let key =
            [name] + labels.sorted { $0.key < $1.key }.flatMap { [$0.key, Self.bytes($0.value)] }
        if !seen.insert(key).inserted { faults.append("twice: \(line)") }
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    /// Texts whose bytes differ are different values, even if they are canonically equivalent.
    private static func bytes(_ text: String) -> String {
        text.utf8.map { String($0, radix: 16) }.joined(separator: " ")
    }

    /// The metric that a sample belongs to.
    private static func base(of name: String, _ types: [String: String]) -> String {
        for end in ["_bucket", "_sum", "_count"] where name.hasSuffix(end) {
            let base = String(name.dropLast(end.count))
            if types[base] == "histogram" { return base }
        }
        return name
    }

    private static func takeName(_ rest: inout Substring.UnicodeScalarView) -> String {
        let taken = rest.prefix { scalar in
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_".unicodeScalars
                .contains(scalar)
        }
        rest = rest[taken.endIndex...]
        return taken.first?.properties.numericType == nil ? String(taken) : ""
    }

    /// A label's value up to its quote, its escapes replaced.
    private static func takeValue(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: return nil
                }
            default: value.append(scalar)
            }
        }
        return nil
    }
}
