import Kernels
import TestSupport
import Testing

@Suite("Reduction kernels")
struct ReductionTests {
    @Test("add one buffer to another", arguments: Kernels.supported)
    func add(kernels: any KernelSet.Type) {
        for count in 0...40 {
            let source = Guarded(randomMagnitudes(count, seed: 1))
            let target = Guarded(randomMagnitudes(count, seed: 2))
            let expected = zip(target.elements, source.elements).map(+)
            kernels.add(source.vector, into: target.vector)
            #expect(target.elements.bits == expected.bits, "\(count) values")
            #expect(target.isIntact && source.isIntact, "\(count) values")
        }
    }

    @Test("report columns with any bit set as occupied", arguments: Kernels.supported)
    func occupiedColumns(kernels: any KernelSet.Type) {
        func occupied(_ values: [Float], _ columns: Int, gap: Int) -> Range<Int> {
            let matrix = Guarded(values, columns: columns, gap: gap)
            return kernels.occupiedColumns(
                of: matrix.matrix, rows: matrix.rows, columns: columns)
        }
        for columns in 1...40 {
            let zeros = [Float](repeating: 0, count: 3 * columns)
            #expect(occupied(zeros, columns, gap: 2).isEmpty, "\(columns) columns")
            for first in 0..<columns {
                for last in first..<columns {
                    var values = zeros
                    values[columns + last] = [0x1p-149, 1][last % 2]
                    values[2 * columns + first] = -0.0
                    #expect(
                        occupied(values, columns, gap: first % 2) == first..<last + 1,
                        "\(first) and \(last) of \(columns)")
                }
            }
        }
    }

    @Test("add a multiple of a buffer with one rounding", arguments: Kernels.supported)
    func addMultiple(kernels: any KernelSet.Type) {
        for count in 0...40 {
            let source = Guarded(randomMagnitudes(count, seed: 11))
            let target = Guarded(randomMagnitudes(count, seed: 12))
            let expected = zip(target.elements, source.elements).map { target, source in
                target.addingProduct(-0.03, source)
            }
            kernels.add(source.vector, times: -0.03, into: target.vector)
            #expect(target.elements.bits == expected.bits, "\(count) values")
            #expect(target.isIntact && source.isIntact, "\(count) values")
        }
    }

    @Test("add a payload of any alignment", arguments: Kernels.supported)
    func addPayload(kernels: any KernelSet.Type) {
        for count in 0...40 {
            for misalignment in 0..<4 {
                let values = randomMagnitudes(count, seed: 3)
                let bytes = payload(values, misalignment: misalignment)
                let target = Guarded(randomMagnitudes(count, seed: 4))
                let expected = zip(target.elements, values).map(+)
                kernels.add(
                    payload: bytes.span.bytes.extracting(misalignment..<bytes.count),
                    into: target.vector)
                #expect(target.elements.bits == expected.bits, "\(count) values")
                #expect(target.isIntact, "\(count) values")
            }
        }
    }

    @Test(
        "divide with one rounding, by powers of two and other numbers",
        arguments: Kernels.supported, [127, 128, 0.25, 0x1p127, 0x1p-140] as [Float])
    func divide(kernels: any KernelSet.Type, divisor: Float) {
        for count in 0...40 {
            // Also values so small that their quotients are denormal.
            let small = ([0x1p-126, 0x1.8p-130, .leastNonzeroMagnitude, -0.0] as [Float])
                .prefix(count)
            let values = Guarded(randomMagnitudes(count - small.count, seed: 5) + small)
            let expected = values.elements.map { $0 / divisor }
            kernels.divide(values.vector, by: divisor)
            #expect(values.elements.bits == expected.bits, "\(count) values")
            #expect(values.isIntact, "\(count) values")
        }
    }

    @Test("scale values", arguments: Kernels.supported)
    func scale(kernels: any KernelSet.Type) {
        for count in 0...40 {
            let values = Guarded(randomMagnitudes(count, seed: 6))
            let expected = values.elements.map { $0 * 0.3 }
            kernels.scale(values.vector, by: 0.3)
            #expect(values.elements.bits == expected.bits, "\(count) values")
            #expect(values.isIntact, "\(count) values")
        }
    }

    @Test(
        "compute a sum of squares as eight partial sums in double precision, added in order",
        arguments: Kernels.supported)
    func sumOfSquares(kernels: any KernelSet.Type) {
        for count in Array(0...40) + [9_999] {
            let values = Guarded(randomMagnitudes(count, seed: 7))
            var partial = [Double](repeating: 0, count: 8)
            for (index, value) in values.elements.enumerated() {
                partial[index % 8] += Double(value) * Double(value)
            }
            let expected = partial.reduce(0, +)
            #expect(kernels.sumOfSquares(values.vector) == expected, "\(count) values")
        }
    }

    @Test("sum squares that overflow float32", arguments: Kernels.supported)
    func hugeSquares(kernels: any KernelSet.Type) {
        func sum(_ values: [Float]) -> Double {
            Guarded(values).withVector { kernels.sumOfSquares($0) }
        }
        #expect((sum([3e38, -3e38, 1e-38]) / 1.8e77 - 1).magnitude < 1e-6)
        #expect(sum([1, .infinity]) == .infinity)
        #expect(sum([1, .nan, 2]).isNaN)
    }

    @Test(
        "find an infinite or NaN value anywhere in a payload",
        arguments: Kernels.supported)
    func notFinite(kernels: any KernelSet.Type) {
        for count in 1...40 {
            let finite = (0..<count).map { index -> Float in
                [0, -0.0, 0x1p-149, -1, .greatestFiniteMagnitude][index % 5]
            }
            #expect(isFinite(finite, kernels), "\(count) values")
            for bad in [Float.infinity, -.infinity, .nan, -.nan, .signalingNaN] {
                for place in 0..<count {
                    var values = finite
                    values[place] = bad
                    #expect(!isFinite(values, kernels), "\(bad) at \(place) of \(count)")
                }
            }
        }
    }

    @Test("treat a payload without values as finite", arguments: Kernels.supported)
    func noValues(kernels: any KernelSet.Type) {
        #expect(isFinite([], kernels))
    }

    @Test("convert a byte to a pixel as its quotient by 255", arguments: Kernels.supported)
    func widen(kernels: any KernelSet.Type) {
        let bytes = (0...255).map { UInt8($0) }
        for count in Array(1...40) + [256] {
            let pixels = Array(bytes.suffix(count))
            let target = Guarded([Float](repeating: 7, count: count))
            kernels.widen(pixels.span.bytes, into: target.vector)
            #expect(target.elements.bits == pixels.map { Float($0) / 255 }.bits, "\(count) bytes")
            #expect(target.isIntact, "\(count) bytes")
        }
    }

    private func isFinite(_ values: [Float], _ kernels: any KernelSet.Type) -> Bool {
        let misalignment = values.count % 4
        let bytes = payload(values, misalignment: misalignment)
        return kernels.isFinite(payload: bytes.span.bytes.extracting(misalignment..<bytes.count))
    }

    /// Little-endian float32 values after a few bytes that misalign them.
    private func payload(_ values: [Float], misalignment: Int) -> [UInt8] {
        [UInt8](repeating: 0xFF, count: misalignment)
            + values.flatMap { value in
                withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            }
    }
}
