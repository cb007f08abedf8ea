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
