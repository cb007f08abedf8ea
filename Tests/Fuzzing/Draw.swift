import Protocol

/// Numbers drawn from an input's bytes, often extreme ones; zeros after the last byte.
package struct Draw {
    private var bytes: ArraySlice<UInt8>

    package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isUsedUp: Bool { bytes.isEmpty }

    mutating func byte() -> Int { Int(bytes.popFirst() ?? 0) }

    /// Zero to three ranges as they come over the wire; a single slot instead of none.
    mutating func ranges() -> SlotRanges {
        var ranges: [Range<Int>] = []
        for _ in 0..<byte() % 4 {
            let (first, count) = (number(), number())
            let end = ranges.last?.upperBound ?? 0
            guard first >= end, first < maximumShards, count >= 1, count <= maximumShards - first
            else { return SlotRanges(0..<1) }
            ranges.append(first..<first + count)
        }
        return SlotRanges(ranges)
    }

    /// A request for any step.
    mutating func work() -> WorkHeader {
        WorkHeader(
            step: number() & .max, ranges: ranges(), checksum: 0, isTimed: byte() & 1 == 1)
    }

    /// The timing of an answer with up to three lanes; nil in one of four cases.
    mutating func timing() -> WorkTiming? {
        let lanes = byte() % 4
        guard lanes < 3 else { return nil }
        return WorkTiming(
            began: time(), took: time(),
            lanes: (0..<lanes).map { _ in WorkTiming.Lane(start: time(), time: time()) })
    }

    private mutating func time() -> Duration { .microseconds(number()) }

    /// A small number around zero or, in one of four cases, an extreme or any 64-bit one.
    mutating func number() -> Int {
        let byte = byte()
        guard byte >= 192 else { return byte % 32 - 2 }
        if byte < 255 { return (0..<8).reduce(0) { number, _ in number << 8 | self.byte() } }
        return Extremes.integers[self.byte() % Extremes.integers.count]
    }

    /// A number for an unsigned 32-bit field.
    mutating func index() -> Int { Int(UInt32(truncatingIfNeeded: number())) }

    /// A number that may be fractional or not finite.
    mutating func real() -> Double {
        let byte = byte()
        return byte < 128
            ? Double(byte) / 16 : Extremes.reals[byte % Extremes.reals.count]
    }

    /// A text: plain, empty, or malicious.
    mutating func text() -> String {
        let texts = [
            "h", "node", "\u{0}", "", "\u{1B}[2J\n", "\u{202E}evil", "a\u{2028}b\u{200B}",
            String(repeating: "long ", count: 100),
        ]
        return texts[byte() % texts.count]
    }
}

/// The numbers at which arithmetic often fails.
package enum Extremes {
    package static let integers = [
        0, -1, .max, .min, .max - 1, 1 << 31, 1 << 32, 1 << 53, -1 << 31, 1 << 62, 255, 65_536,
    ]

    package static let reals: [Double] = [
        0, -1, .nan, .infinity, -.infinity, 1e300, -1e300, .greatestFiniteMagnitude,
        .leastNonzeroMagnitude, 1e9, 9.3e18, -0.0,
    ]
}
