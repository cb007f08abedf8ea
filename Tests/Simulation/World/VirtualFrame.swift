import DataParallel
import Hashing
import KernelInterface

/// A frame of a message in the simulated network.
package struct VirtualFrame: PayloadFrame {
    private let content: [UInt8]
    /// The content from the fourth read on, after its size, checksum and values were verified: a planted bug.
    private let afterVerification: AfterVerification?

    /// The content after verification, and the number of reads so far.
    final class AfterVerification: @unchecked Sendable {
        // Safe, because a simulated run has one thread.
        let bytes: [UInt8]
        var looks = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    package init(_ bytes: [UInt8], afterVerification: [UInt8]? = nil) {
        content = bytes
        self.afterVerification = afterVerification.map { AfterVerification($0) }
    }

    package init(copying bytes: RawSpan) { self.init(bytes.withUnsafeBytes { Array($0) }) }

    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        afterVerification?.looks += 1
        // The first three reads check the size, the checksum and the values; the fourth adds them.
        if let afterVerification, afterVerification.looks > 3 {
            let bytes = afterVerification.bytes
            return try body(bytes.span.bytes)
        }
        return try body(content.span.bytes)
    }
}

extension WorkerWorld where Frame == VirtualFrame {
    package func lend(_ gradients: FloatBuffer) -> VirtualFrame {
        gradients.withBytes { VirtualFrame(copying: $0) }
    }

    package func takeReturned() -> [FloatBuffer] { [] }
}

/// A message on the wire: a header frame and the payload frames.
struct Packet {
    var frames: [VirtualFrame]

    /// Makes a message of a header and payload frames.
    init(_ header: [UInt8], _ payload: [VirtualFrame] = []) {
        frames = [VirtualFrame(header)] + payload
    }

    /// The payload frames after the header.
    var payload: ArraySlice<VirtualFrame> { frames.dropFirst() }
}
