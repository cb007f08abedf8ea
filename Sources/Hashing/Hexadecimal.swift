private let digits = Array("0123456789abcdef".utf8)

/// Bytes as lower-case hexadecimal digits, two per byte.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The bytes of lower-case hexadecimal digits, two per byte; nil for any other text.
public func bytes(ofHexadecimal text: some Collection<UInt8>) -> [UInt8]? {
    let values = text.compactMap { digits.firstIndex(of: $0).map { UInt8($0) } }
    guard values.count == text.count, values.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}
