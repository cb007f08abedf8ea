import Protocol

/// Numbers drawn from an input's bytes, small ones most of the time; zeros once they are used up.
struct Draw {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isUsedUp: Bool { bytes.isEmpty }

    mutating func byte() -> Int { Int(bytes.popFirst() ?? 0) }

    /// Ranges such as come over the wire, from none to three; nil where the decoder refuses them.
    mutating func ranges() -> SlotRanges? {
        var ranges: [Range<Int>] = []
        for _ in 0..<byte() % 4 {
            let (first, count) = (number(), number())
            let end = ranges.last?.upperBound ?? 0
            guard first >= end, first < maximumShards, count >= 1, count <= maximumShards - first
            else { return nil }
            ranges.append(first..<first + count)
        }
        return SlotRanges(ranges)
    }

    /// A number of a few around zero or, now and then, any of 64 bits.
    mutating func number() -> Int {
        let byte = byte()
        guard byte >= 224 else { return byte % 32 - 2 }
        switch byte {
        case 255: return .max
        case 254: return .min
        case 253: return 1 << 32
        default:
            return (0..<8).reduce(0) { number, _ in number << 8 | self.byte() }
        }
    }
}
