import DataParallel
import Hashing

/// A frame of a message in the simulated network.
package struct VirtualFrame: PayloadFrame {
    private let content: [UInt8]
    /// What it shows to whoever looks a third time, after its checksum and its numbers were verified: the mistake of a
    /// door that is passed by.
    private let behindTheDoor: BehindTheDoor?

    /// What stands behind the door, and how often the frame was looked at.
    final class BehindTheDoor: @unchecked Sendable {
        // A simulated run has one thread.
        let bytes: [UInt8]
        var looks = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    package init(_ bytes: [UInt8], behindTheDoor: [UInt8]? = nil) {
        content = bytes
        self.behindTheDoor = behindTheDoor.map { BehindTheDoor($0) }
    }

    package init(copying bytes: RawSpan) { self.init(bytes.withUnsafeBytes { Array($0) }) }

    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        behindTheDoor?.looks += 1
        // Its size, its checksum, its numbers: then it is added.
        if let behindTheDoor, behindTheDoor.looks > 3 {
            let bytes = behindTheDoor.bytes
            return try body(bytes.span.bytes)
        }
        return try body(content.span.bytes)
    }
}

/// A message as it goes over the network: a header frame and what follows it.
struct Packet {
    var frames: [VirtualFrame]

    /// A message of a header and payload frames.
    init(_ header: [UInt8], _ payload: [VirtualFrame] = []) {
        frames = [VirtualFrame(header)] + payload
    }

    /// The frames behind the header.
    var payload: ArraySlice<VirtualFrame> { frames.dropFirst() }
}
