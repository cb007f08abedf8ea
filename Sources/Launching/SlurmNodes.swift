import Bounds

/// Node names from Slurm's compressed form: `node[01-03,7],gpu-[1-2]x`.
///
/// Each number in brackets gives one name. A range's numbers are padded to the digits of its first.
/// If a word has several brackets, the last one varies fastest.
public struct SlurmNodes: Sendable, Equatable {
    /// The names, in Slurm's order.
    public let names: [String]

    /// The maximum number of names, as in Slurm.
    static let mostNames = 65_536

    /// Parses a list.
    ///
    /// - Returns: nil if the text is not a valid list.
    public init?(_ text: String) {
        var names: [String] = []
        for word in Self.words(of: text[...]) {
            guard let expanded = Self.expand(word), names.count + expanded.count <= Self.mostNames
            else { return nil }
            names += expanded
        }
        self.names = names
    }

    /// Splits at the commas outside brackets.
    private static func words(of text: Substring) -> [Substring] {
        var isInBrackets = false
        return text.split(omittingEmptySubsequences: false) { character in
            if character == "[" { isInBrackets = true }
            if character == "]" { isInBrackets = false }
            return character == "," && !isInBrackets
        }
    }

    private static func expand(_ word: Substring) -> [String]? {
        guard let open = word.firstIndex(of: "[") else {
            return isName(word) ? [String(word)] : nil
        }
        guard let close = word[open...].firstIndex(of: "]"),
            let numbers = numbers(in: word[word.index(after: open)..<close])
        else { return nil }
        let rest = word[word.index(after: close)...]
        guard let ends = rest.isEmpty ? [""] : expand(rest),
            numbers.count * ends.count <= mostNames
        else { return nil }
        let start = word[..<open]
        guard start.isEmpty || isName(start) else { return nil }
        return numbers.flatMap { number in ends.map { start + number + $0 } }
    }

    /// The numbers between two brackets, with their leading zeros.
    private static func numbers(in text: Substring) -> [String]? {
        var numbers: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = number(ends[0]),
                let last = number(ends[ends.count - 1]), first <= last,
                last - first < mostNames - numbers.count
            else { return nil }
            let digits = ends[0].count
            numbers += (first...last).map { number in
                String(repeating: "0", count: max(0, digits - "\(number)".count)) + "\(number)"
            }
        }
        return numbers
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy(isOfNames)
    }
}
