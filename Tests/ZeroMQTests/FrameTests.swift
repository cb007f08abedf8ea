import Testing
import ZeroMQ

@Suite("A frame") struct FrameTests {
    @Test("copies the bytes that it is made from", arguments: [0, 1, 33, 34, 4096])
    func copies(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(Frame(bytes).bytes == bytes)
        #expect(Frame(copying: bytes.span.bytes).bytes == bytes)
        #expect(Frame(bytes).count == count)
    }

    @Test("can be written in place")
    func writesInPlace() {
        let frame = Frame(count: 4) { output in
            for byte: UInt8 in 1...4 { output.append(byte) }
        }
        #expect(frame.bytes == [1, 2, 3, 4])
    }

    @Test("rethrows the error of its writer")
    func passesOnErrors() {
        struct Refusal: Error {}
        #expect(throws: Refusal.self) {
            try Frame(count: 4) { _ in throw Refusal() }
        }
    }

    @Test("shares its bytes with its parts, which keep them and are counted while in use")
    func parts() {
        let use = FrameUse()
        var whole: Frame? = Frame(Array(0..<100))
        var part = whole.map { Frame(90..<95, of: $0, countedBy: use) }
        whole = nil
        #expect(part?.bytes == [90, 91, 92, 93, 94])
        #expect(use.byteCount == 5)
        part = nil
        #expect(use.byteCount == 0)
    }

    @Test("can share the memory of another object, which it keeps, and is counted while in use")
    func sharing() {
        let use = FrameUse()
        var frame: Frame?
        weak var kept: Memory?
        do {
            let memory = Memory([1, 2, 3])
            frame = Frame(sharing: memory.bytes.bytes, of: memory, countedBy: use)
            kept = memory
        }
        #expect(kept != nil && use.byteCount == 3)
        #expect(frame?.bytes == [1, 2, 3])
        frame = nil
        #expect(kept == nil && use.byteCount == 0)
    }

    @Test("can be built part by part")
    func builder() {
        let builder = FrameBuilder(count: 5)
        let (first, second): ([UInt8], [UInt8]) = ([1, 2, 3], [4, 5])
        builder.append(first.span.bytes)
        #expect(builder.filledCount == 3)
        builder.append(second.span.bytes)
        #expect(builder.finish().bytes == [1, 2, 3, 4, 5])
    }

    @Test("must be filled completely")
    func mustBeFilled() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Frame(count: 4) { output in output.append(1 as UInt8) }
        }
        #expect(result?.said("only 1 of 4 bytes were written") == true)
    }
}

@Suite("A peer identity") struct PeerIdentityTests {
    @Test("does not show its bytes, because the next identity could be guessed from them")
    func hidden() {
        #expect("\(PeerIdentity([0, 0x80, 0, 0x4f, 0x0b]))" == "a peer")
    }

    @Test("is compared by its bytes")
    func comparesBytes() {
        #expect(PeerIdentity([0, 1]) == PeerIdentity([0, 1]))
        #expect(PeerIdentity([0, 1]) != PeerIdentity([1]))
    }
}

/// Bytes at a fixed address.
private final class Memory {
    let bytes: UnsafeRawBufferPointer

    init(_ values: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count, alignment: 1)
        memory.copyBytes(from: values)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
