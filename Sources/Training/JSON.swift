import FoundationEssentials

/// JSON with sorted keys, so that equal values give equal text: one line, or many for people.
///
/// Only values that JSON has words for may be given: a number that is not finite is a mistake.
public func jsonText(
    _ value: some Encodable, isPretty: Bool = false, isSnakeCase: Bool = false
) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    if isSnakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        preconditionFailure("a value that JSON cannot express: \(error)")
    }
}

extension KeyedDecodingContainer {
    /// Sets `target` to the value of a key; if that is not there, or null, it stays as it is.
    func read<Value: Decodable>(_ key: Key, into target: inout Value) throws {
        do {
            target = try decodeIfPresent(Value.self, forKey: key) ?? target
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
