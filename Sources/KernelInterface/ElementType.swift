/// The type of the values that an example is made of.
public enum ElementType: String, Codable, Sendable, CaseIterable {
    /// Unsigned bytes, such as pixels; networks read them scaled to [0, 1].
    case uint8
    /// Little-endian float32 values, which networks read as they are.
    case float32

    /// The bytes of one value.
    public var size: Int {
        switch self {
        case .uint8: 1
        case .float32: 4
        }
    }
}
