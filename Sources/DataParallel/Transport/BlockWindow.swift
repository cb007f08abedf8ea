import ZeroMQ

/// Decides how many bytes of a peer's payloads libzmq may have at one time, and in how large blocks.
///
/// What is behind them waits for them, so they should be few on a slow link. On a fast one they should last
/// until the next look, and large blocks take less time than small ones. So the window doubles if libzmq has
/// got rid of all blocks since the last look, and shrinks to what it got rid of within ``period``.
package struct BlockWindow {
    /// How long the blocks inside libzmq should take.
    package static let period = Duration.milliseconds(100)
    /// How many blocks fill a window that is not small.
    private static let blocks = 8
    /// The most blocks inside libzmq at one time: the window's, and one that exceeds it.
    package static let mostBlocks = 2 * blocks

    /// Counts the bytes inside libzmq.
    package let inside = FrameUse()
    /// The bytes that may be inside libzmq.
    package private(set) var size: Int
    private let sizes: PayloadSizes
    private var entered = 0
    /// The bytes that had left at the last change of the size, and when that was.
    private var mark: (left: Int, at: Duration) = (0, .zero)

    /// The window of a link of unknown speed.
    package init(_ sizes: PayloadSizes = .standard) {
        self.sizes = sizes
        size = Self.blocks * sizes.least
    }

    /// Whether nothing has entered yet.
    package var isNew: Bool { entered == 0 }

    /// Whether another block may enter.
    package var hasRoom: Bool { inside.byteCount < size }

    /// Whether there is something to learn from the next look.
    package private(set) var isInUse = false

    /// The bytes of the next block.
    package var blockSize: Int { max(sizes.least, size / Self.blocks) }

    /// Records that a block has entered.
    package mutating func enter(_ byteCount: Int) {
        entered += byteCount
        isInUse = true
    }

    /// Begins to measure after a rest.
    package mutating func begin(now: Duration) { mark = (entered - inside.byteCount, now) }

    /// Fits the size to what has left since the last look.
    package mutating func look(now: Duration) {
        let current = inside.byteCount
        let left = entered - current
        if current == 0 {
            isInUse = false
            guard left > mark.left, now - mark.at < Self.period else { return }
            size = min(size * 2, Self.blocks * sizes.most)
        } else if now - mark.at < Self.period {
            return
        } else {
            size = min(size, max(2 * sizes.least, left - mark.left))
        }
        mark = (left, now)
    }
}
