import CZeroMQ

/// A frame of known size that is filled part by part.
///
/// The system provides its memory as it is written, so an unfinished frame takes no more than was
/// appended.
package final class FrameBuilder {
    /// The bytes of the finished frame.
    package let count: Int
    /// The bytes appended so far.
    package private(set) var filledCount = 0
    private let handle: UnsafeMutablePointer<zmq_msg_t>
    private var isFinished = false

    /// Starts a frame of `count` bytes.
    package init(count: Int) {
        self.count = count
        handle = Frame.allocate(count: count)
    }

    deinit {
        guard !isFinished else { return }
        zmq_msg_close(handle)
        handle.deallocate()
    }

    /// Appends bytes, for which there must be room.
    package func append(_ bytes: RawSpan) {
        precondition(!isFinished && bytes.byteCount <= count - filledCount, "the frame is full")
        let memory = UnsafeMutableRawBufferPointer(start: zmq_msg_data(handle), count: count)
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: memory[filledCount...]).copyMemory(from: source)
        }
        filledCount += bytes.byteCount
    }

    /// Returns the frame, once it is full.
    package func finish() -> Frame {
        precondition(!isFinished && filledCount == count, "the frame is not full")
        isFinished = true
        return Frame(adopting: handle)
    }
}
