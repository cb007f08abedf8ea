import FoundationEssentials

/// JSON with sorted keys, so that equal values give equal text: one line, or many for people.
///
/// JSON cannot express a number that is not finite, so `null` stands for each of them.
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
        return String(decoding: try encoder.encode(value), as: UTF8.self)
            .replacing("\"\(notFinite)\"", with: "null")
    } catch {
        preconditionFailure("an encode(to:) of Tern's own failed: \(error)")
    }
}

/// What the encoder writes for a number that is not finite: a character for private use, so that no
/// text of a user is the same.
private let notFinite = "\u{F8FE}not finite"

extension KeyedDecodingContainer {
    /// Sets `target` to the value of a key; if that is not there, or null, it stays as it is.
    func read<Value: Decodable>(_ key: Key, into target: inout Value) throws {
        target = try read(key, as: Value.self) ?? target
    }

    /// The value of a key; nil if that is not there, or null.
    func read<Value: Decodable>(_ key: Key, as type: Value.Type) throws -> Value? {
        do {
            return try decodeIfPresent(type, forKey: key)
        } catch let error as DecodingError {
            throw error
        } catch {
            // For a number that the type cannot hold, Foundation throws an error of its own,
            // from which it would make that the whole text is not JSON.
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "It is no \(Value.self).")
        }
    }
}
