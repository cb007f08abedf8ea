import Protocol
import ZeroMQ

/// A large payload, divided into the messages that carry it.
///
/// The blocks share the payload's memory, and all receivers share the headers, which are made when they are
/// first needed: then a block is sent while the checksums of the next ones are still to be computed.
package final class PayloadBlocks {
    package let identity: StepIdentity
    package let payload: Frame
    /// The headers of all blocks but the first, by their bytes.
    private var headers: [Range<Int>: Frame] = [:]

    /// Divides the payload of a step message; nil for a message that travels whole.
    ///
    /// - Parameter frames: the header and the payload.
    package init?(_ frames: [Frame], sizes: PayloadSizes = .standard) {
        guard frames.count == 2, frames[1].count > sizes.whole,
            let identity = StepIdentity(frames[0].bytes)
        else { return nil }
        self.identity = identity
        payload = frames[1]
    }

    /// The message that carries the bytes from `offset` on, at most `most` of them.
    ///
    /// - Parameters:
    ///   - header: the header of the whole message, for the first block.
    ///   - use: counts the block's bytes while libzmq has them.
    package func message(
        from offset: Int, most: Int, header: Frame, countedBy use: FrameUse
    ) -> [Frame] {
        let range = offset..<min(offset + most, payload.count)
        let block = Frame(range, of: payload, countedBy: use)
        return [offset == 0 ? header : blockHeader(range, of: block), block]
    }

    private func blockHeader(_ range: Range<Int>, of block: Frame) -> Frame {
        if let header = headers[range] { return header }
        let description = BlockHeader(
            identity, offset: range.lowerBound, count: range.count, checksum: block.checksum)
        let header = Frame(description.header)
        headers[range] = header
        return header
    }
}
