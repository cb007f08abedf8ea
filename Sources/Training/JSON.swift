import FoundationEssentials

/// JSON with sorted keys, so that equal values give equal text: one line, or many for people.
///
/// Only values that JSON has words for may be given: a number that is not finite is a mistake.
public func jsonText(_ value: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        preconditionFailure("a value that JSON cannot express: \(error)")
    }
}
