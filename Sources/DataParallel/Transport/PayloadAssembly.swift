import Protocol
import ZeroMQ

/// Puts the payloads of one peer together from their blocks.
///
/// One payload is under way at a time; the header of another one discards it. The size is known from the run,
/// so a peer can make its receiver keep no more than that.
package struct PayloadAssembly {
    /// What a message has led to.
    package enum Result {
        /// A message for the door: as it came, or with its payload complete.
        case whole([Frame])
        /// The first block of a payload has arrived; if another one was under way, it is discarded.
        case begun(isReplacement: Bool)
        /// A block has arrived in its order.
        case continued
        /// The payload under way is discarded for what its last block was.
        case broken(reason: String)
        /// A block of a payload that was discarded.
        case skipped
    }

    private struct UnderWay {
        let header: Frame
        let identity: StepIdentity
        let builder: FrameBuilder
    }

    private enum State {
        case idle
        case filling(UnderWay)
        /// The blocks of a discarded payload still arrive, at most so many.
        case skipping(StepIdentity, most: Int)
    }

    private let sizes: PayloadSizes
    private var state = State.idle

    /// Nothing is under way.
    package init(sizes: PayloadSizes = .standard) { self.sizes = sizes }

    /// The bytes that it keeps.
    package var byteCount: Int {
        if case .filling(let underWay) = state { underWay.builder.filledCount } else { 0 }
    }

    /// Whether a message claims to be a block other than a first one.
    package static func isBlock(_ frames: [Frame]) -> Bool {
        frames[0].count <= maximumHeaderSize && BlockHeader.isPresent(in: frames[0].bytes)
    }

    /// Handles a message.
    ///
    /// - Parameters:
    ///   - size: the bytes of each payload of a step in this run.
    ///   - mayBegin: whether a message with this header is expected.
    package mutating func receive(
        _ frames: [Frame], size: Int, mayBegin: ([UInt8]) -> Bool
    ) -> Result {
        guard frames.count == 2, size > sizes.whole, frames[0].count <= maximumHeaderSize else {
            return .whole(frames)
        }
        let header = frames[0].bytes
        if BlockHeader.isPresent(in: header) { return add(frames, header) }
        guard let identity = StepIdentity(header), mayBegin(header) else { return .whole(frames) }
        guard (sizes.least..<size).contains(frames[1].count) else {
            state = .idle
            return .whole(frames)
        }
        let isReplacement = if case .filling = state { true } else { false }
        let builder = FrameBuilder(count: size)
        frames[1].withBytes { builder.append($0) }
        state = .filling(UnderWay(header: frames[0], identity: identity, builder: builder))
        return .begun(isReplacement: isReplacement)
    }

    private mutating func add(_ frames: [Frame], _ header: [UInt8]) -> Result {
        switch state {
        case .idle: return .whole(frames)
        case .skipping(let identity, let most):
            guard most > 0, StepIdentity(header) == identity else { return .whole(frames) }
            state = .skipping(identity, most: most - 1)
            return .skipped
        case .filling(let underWay):
            let builder = underWay.builder
            if let reason = whyNotNext(frames[1], header, underWay) {
                let rest = (builder.count - builder.filledCount) / sizes.least
                state = .skipping(underWay.identity, most: rest)
                return .broken(reason: reason)
            }
            frames[1].withBytes { builder.append($0) }
            guard builder.filledCount == builder.count else { return .continued }
            state = .idle
            return .whole([underWay.header, builder.finish()])
        }
    }

    /// Why a block is not the next one of the payload under way; nil if it is.
    private func whyNotNext(
        _ block: Frame, _ header: [UInt8], _ underWay: UnderWay
    ) -> String? {
        let builder = underWay.builder
        let rest = builder.count - builder.filledCount
        guard let description = try? BlockHeader.decode(header),
            description.identity == underWay.identity, description.offset == builder.filledCount,
            description.count == block.count, block.count >= min(sizes.least, rest),
            block.count <= rest
        else { return "a block out of order" }
        return block.checksum == description.checksum ? nil : "a block with a wrong checksum"
    }
}
