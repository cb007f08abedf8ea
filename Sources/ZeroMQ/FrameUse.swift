import Synchronization

/// Counts the bytes of frames that are still in use, by this process or by libzmq.
///
/// libzmq keeps a sent frame until the kernel has taken all its bytes, or the connection has ended.
package final class FrameUse: Sendable {
    private let count = Atomic<Int>(0)

    /// Starts at zero.
    package init() {}

    /// The bytes in use; who sees none of them may write to them.
    package var byteCount: Int { count.load(ordering: .acquiring) }

    func add(_ byteCount: Int) { count.add(byteCount, ordering: .relaxed) }

    func remove(_ byteCount: Int) { count.subtract(byteCount, ordering: .releasing) }
}
