/// Makes new inputs with mutations that often break decoders: cuts, flips, splices, lengths, repetition.
package struct Mutator<Generator: RandomNumberGenerator> {
    private let seeds: [[UInt8]]
    private var random: Generator

    /// A mutator of the given inputs; equal generators make equal inputs.
    package init(seeds: [[UInt8]], random: Generator) {
        precondition(!seeds.isEmpty, "there is nothing to begin with")
        self.seeds = seeds
        self.random = random
    }

    /// The next input.
    package mutating func next() -> [UInt8] {
        var bytes = pick()
        for _ in 0..<below(4) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = below(bytes.count + 1)
        let end = min(bytes.count, place + below(16))
        switch below(9) {
        case 0: bytes.removeSubrange(place...)
        case 1: bytes.removeSubrange(place..<end)
        case 2 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 3 where place < bytes.count: bytes[place] = UInt8(below(256))
        case 4: bytes.insert(contentsOf: (0..<below(16)).map { _ in UInt8(below(256)) }, at: place)
        case 5:
            let other = pick()
            bytes.replaceSubrange(
                place..., with: other.suffix(other.count - below(other.count + 1)))
        case 6: bytes.replaceSubrange(place..<end, with: boundary())
        case 7: overwrite(&bytes, from: place, with: boundary())
        case 8: bytes.insert(contentsOf: bytes[place..<end], at: place)
        default: break
        }
    }

    /// A number at which lengths and counts often fail, as bytes or digits.
    private mutating func boundary() -> [UInt8] {
        let values: [Int64] = [
            0, 1, -1, 127, 128, 255, 256, 65_535, 65_536, 1 << 31, 1 << 32, 1 << 53, .max, .min,
        ]
        let value = values[below(values.count)]
        switch below(4) {
        case 0: return withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(4)) }
        case 1: return withUnsafeBytes(of: value.littleEndian) { Array($0) }
        case 2: return Array("\(value)".utf8)
        default:
            let texts = [
                "1e999", "-0", "null", "[", "{", "\"", "\\ud800", "\u{0}", "1.5", "\u{FFFD}",
            ]
            return Array(texts[below(texts.count)].utf8)
        }
    }

    private func overwrite(_ bytes: inout [UInt8], from place: Int, with new: [UInt8]) {
        for (index, byte) in zip(bytes.indices.dropFirst(place), new) { bytes[index] = byte }
    }

    private mutating func pick() -> [UInt8] { seeds[below(seeds.count)] }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
}
