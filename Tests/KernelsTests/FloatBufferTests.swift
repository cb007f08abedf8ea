import Kernels
import TestSupport
import Testing

@Suite("A float buffer")
struct FloatBufferTests {
    @Test("starts with zeros, even if it is empty", arguments: [0, 1, 16, 33])
    func zeros(count: Int) {
        #expect(FloatBuffer(count: count).values.bits == [UInt32](repeating: 0, count: count))
    }

    @Test("starts at a cache line")
    func alignment() {
        let buffers = (1...20).map { FloatBuffer(count: $0) }
        for buffer in buffers {
            #expect(Int(bitPattern: buffer.vector.base) % 64 == 0, "\(buffer.count) values")
        }
    }

    @Test("shares nothing with its copy")
    func copies() {
        let original = FloatBuffer([1, 2, 3])
        let copy = FloatBuffer(copying: original)
        original.zero()
        #expect(copy.values == [1, 2, 3])
        #expect(original.values == [0, 0, 0])
    }

    @Test("reads and writes its bytes in little-endian order")
    func bytes() {
        let buffer = FloatBuffer([1, -0.0, .nan])
        let bytes = buffer.withBytes { span in
            (0..<span.byteCount).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        #expect(bytes == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x80, 0, 0, 0xC0, 0x7F])
        let other = FloatBuffer(count: 3)
        other.copy(from: bytes.span.bytes)
        #expect(other.values.bits == buffer.values.bits)
    }

    @Test("has matrix views that address the right elements")
    func views() {
        let buffer = FloatBuffer((0..<20).map { Float($0) })
        let matrix = buffer.matrix(at: 2, stride: 6)  // 2 3 4 5 6 7 / 8 9 10 11 12 13 / ...
        let part = matrix.dropping(rows: 1, columns: 2)
        #expect(part.base.pointee == 10)
        #expect(part.transposed.rowStride == 1 && part.transposed.columnStride == 6)
        #expect(matrix.transposed.dropping(rows: 2, columns: 1).base.pointee == 10)
        withExtendedLifetime(buffer) {}
    }
}
