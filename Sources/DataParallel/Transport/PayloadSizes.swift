import Protocol

/// The sizes that decide how payloads travel.
package struct PayloadSizes: Sendable {
    /// The largest payload that travels in one message.
    package let whole: Int
    /// The bytes of the smallest block, except for the last one of a payload.
    package let least: Int
    /// The bytes of the largest block.
    package let most: Int

    /// The sizes of the protocol.
    package static let standard = PayloadSizes(
        whole: largestWholePayload, least: smallestBlock, most: largestBlock)

    /// Other sizes, for tests.
    package init(whole: Int, least: Int, most: Int) {
        precondition((1...whole).contains(least) && least <= most, "no block is that large")
        self.whole = whole
        self.least = least
        self.most = most
    }

    /// The most messages that carry a payload of `byteCount` bytes.
    package func mostBlocks(of byteCount: Int) -> Int {
        byteCount <= whole ? 1 : (byteCount + least - 1) / least
    }
}
