extension KeyedDecodingContainer {
    /// Sets `target` to the value of a key; leaves it unchanged if the key is missing or null.
    func read<Value: Decodable>(_ key: Key, into target: inout Value) throws {
        target = try read(key, as: Value.self) ?? target
    }

    /// The value of a key; nil if it is missing or null.
    func read<Value: Decodable>(_ key: Key, as type: Value.Type) throws -> Value? {
        do {
            return try decodeIfPresent(type, forKey: key)
        } catch let error as DecodingError {
            throw error
        } catch {
            // For a number that does not fit the type, Foundation throws an error of its own and then reports
            // that the whole text is not JSON.
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "It is no \(Value.self).")
        }
    }
}
