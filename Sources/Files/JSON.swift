import FoundationEssentials

/// JSON with sorted keys, so that equal values give equal text: on one line, or indented for people.
///
/// JSON cannot express a number that is not finite; `null` stands for it.
public func jsonText(
    _ value: some Encodable, isPretty: Bool = false, isSnakeCase: Bool = false
) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    if isSnakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: notFinite, negativeInfinity: notFinite, nan: notFinite)
    do {
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        // Encoding a line of metrics takes about as long as this search in it.
        guard let first = notFinite.utf8.first, text.utf8.contains(first) else { return text }
        return text.replacing("\"\(notFinite)\"", with: "null")
    } catch {
        preconditionFailure("an encode(to:) of Tern's own failed: \(error)")
    }
}

/// The encoder's text for a number that is not finite: a private-use character, so that no user's
/// text equals it.
private let notFinite = "\u{F8FE}not finite"
