/// The size and the parts of a control header, counted without decoding it.
///
/// Decoding is slow for keys and containers: half a millisecond for a thousand of them. So they are
/// counted first, in one pass, and headers with more than any message needs are not decoded.
struct ControlShape {
    private let size: Int
    /// The keys of all objects.
    private var keys = 0
    private var containers = 0
    /// The bytes of all texts, including keys.
    private var textBytes = 0

    /// Scans a header, whatever it holds.
    init(_ header: [UInt8]) {
        size = header.count
        var (isText, isEscaped) = (false, false)
        for byte in header {
            if isText {
                textBytes += 1
                isText = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: ":"): keys += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["): containers += 1
            default: break
            }
        }
    }

    /// Whether any message can be as large as this: a welcome has ten keys, and only its numbers can
    /// make a header longer than ``maximumControlSize``.
    var isBounded: Bool {
        keys <= 32 && containers <= 8
            && (size <= maximumControlSize || size <= maximumHeaderSize && textBytes <= 256)
    }
}
