import Protocol

/// Numbers drawn from an input's bytes, extreme ones often; zeros once the bytes are used up.
package struct Draw {
    private var bytes: ArraySlice<UInt8>

    package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isUsedUp: Bool { bytes.isEmpty }

    mutating func byte() -> Int { Int(bytes.popFirst() ?? 0) }

    /// Ranges such as come over the wire, from none to three; a single slot where they are none.
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

    /// A request of any step.
    mutating func work() -> WorkHeader {
        WorkHeader(step: number() & .max, ranges: ranges(), checksum: 0)
    }

    /// Where a worker's time went, of up to three lanes; nil in every fourth case.
    mutating func timing() -> WorkTiming? {
        let lanes = byte() % 4
        guard lanes < 3 else { return nil }
        return WorkTiming(
            began: time(), took: time(),
            lanes: (0..<lanes).map { _ in WorkTiming.Lane(start: time(), time: time()) })
    }

    private mutating func time() -> Duration { .microseconds(number()) }

    /// A number of a few around zero or, in one case of four, an extreme one or any of 64 bits.
    mutating func number() -> Int {
        let byte = byte()
        guard byte >= 192 else { return byte % 32 - 2 }
        if byte < 255 { return (0..<8).reduce(0) { number, _ in number << 8 | self.byte() } }
        return Extremes.integers[self.byte() % Extremes.integers.count]
    }

    /// A number that an unsigned field of 32 bits holds.
    mutating func index() -> Int { Int(UInt32(truncatingIfNeeded: number())) }

    /// A number that need not be whole, nor finite.
    mutating func real() -> Double {
        let byte = byte()
        return byte < 128
            ? Double(byte) / 16 : Extremes.reals[byte % Extremes.reals.count]
    }

    /// A text: a plain one, an empty one, or one that means harm.
    mutating func text() -> String {
        let texts = [
            "h", "node", "\u{0}", "", "\u{1B}[2J\n", "\u{202E}evil", "a\u{2028}b\u{200B}",
            String(repeating: "long ", count: 100),
        ]
        return texts[byte() % texts.count]
    }
}

/// The numbers at which arithmetic goes wrong.
package enum Extremes {
    package static let integers = [
        0, -1, .max, .min, .max - 1, 1 << 31, 1 << 32, 1 << 53, -1 << 31, 1 << 62, 255, 65_536,
    ]

    package static let reals: [Double] = [
        0, -1, .nan, .infinity, -.infinity, 1e300, -1e300, .greatestFiniteMagnitude,
        .leastNonzeroMagnitude, 1e9, 9.3e18, -0.0,
    ]
}
