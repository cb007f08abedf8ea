import Glibc
import Kernels
import TestSupport
import Testing

@Suite("Activations")
struct ActivationTests {
    private static let special: [Float] = [
        0, .leastNonzeroMagnitude, 0x1p-140, .leastNormalMagnitude.nextDown, .leastNormalMagnitude,
        1e-30, 1e-10, 1e-5, 1e-4, 1, 9, 9.01, 10, 10.01, 20, 87, 88, 89, 1e10,
        .greatestFiniteMagnitude, .infinity,
    ]

    @Test("of tanh are within 3 ulp of the true value everywhere", arguments: Kernels.supported)
    func tanhAccuracy(kernels: any KernelSet.Type) {
        // Every 499th float32 from 0 to infinity; half of these are below 2^-63.
        let patterns = stride(from: UInt32(0), through: Float.infinity.bitPattern, by: 499)
        let inputs = patterns.map { Float(bitPattern: $0) } + Self.special
        let outputs = FloatBuffer(inputs)
        kernels.tanh(outputs.vector)
        var worst = (error: 0.0, input: Float(0))
        for (input, output) in zip(inputs, outputs.values) {
            let error = ulps(output, from: tanh(Double(input)))
            if !(error <= worst.error) { worst = (error, input) }
        }
        #expect(worst.error <= 3, "\(worst.error) ulp at \(worst.input)")
    }

    @Test("of tanh are odd to the last bit and never exceed 1", arguments: Kernels.supported)
    func tanhSymmetry(kernels: any KernelSet.Type) {
        let inputs = randomValues(9_999, seed: 1, limit: 12) + Self.special
        let positive = Guarded(inputs.map(\.magnitude))
        let negative = Guarded(inputs.map { -$0.magnitude })
        kernels.tanh(positive.vector)
        kernels.tanh(negative.vector)
        #expect(negative.elements.bits == positive.elements.map { -$0 }.bits)
        #expect(positive.elements.allSatisfy { $0 <= 1 })
    }

    @Test(
        "of tanh keep signed zeros, denormals and NaN, and saturate at ±1",
        arguments: Kernels.supported)
    func tanhSpecialValues(kernels: any KernelSet.Type) {
        let values = Guarded([0, -0.0, 0x1p-140, -0x1p-140, .infinity, -.infinity, 10, -10, .nan])
        kernels.tanh(values.vector)
        let expected: [Float] = [0, -0.0, 0x1p-140, -0x1p-140, 1, -1, 1, -1]
        #expect(values.elements.dropLast().bits == expected.bits)
        #expect(values.elements[8].isNaN)
    }

    @Test("of tanh have the same bits in every kernel set, at any length and offset")
    func tanhAgreement() throws {
        let inputs = randomValues(4_001, seed: 2, limit: 6)
        let fastest = try #require(Kernels.supported.first)
        let reference = Guarded(inputs)
        fastest.tanh(reference.vector)
        for kernels in Kernels.supported {
            for length in Array(1...40) + [4_001] {
                let values = Guarded(Array(inputs.suffix(length)))
                kernels.tanh(values.vector)
                let isSame = values.elements.bits == reference.elements.suffix(length).bits
                #expect(isSame, "\(kernels.name), \(length) values")
                #expect(values.isIntact, "\(kernels.name), \(length) values")
            }
        }
    }

    @Test("of tanh multiply the gradient by 1 - output²", arguments: Kernels.supported)
    func tanhBackward(kernels: any KernelSet.Type) {
        for count in 1...40 {
            let gradient = Guarded(randomMagnitudes(count, seed: 4))
            let output = Guarded(randomValues(count, seed: 5))
            let expected = zip(gradient.elements, output.elements).map { gradient, output in
                gradient * Float(1).addingProduct(-output, output)
            }
            kernels.tanhBackward(gradient.vector, output: output.vector)
            #expect(gradient.elements.bits == expected.bits, "\(count) values")
            #expect(gradient.isIntact && output.isIntact, "\(count) values")
        }
    }

    @Test("of relu replace only negative values and keep NaN", arguments: Kernels.supported)
    func relu(kernels: any KernelSet.Type) {
        let special: [Float] = [.nan, -.infinity, .infinity, -0x1p-149, 0x1p-149, -3, 3, 0, -0.0]
        for count in 1...40 {
            let values = Guarded((special + randomValues(40, seed: 6)).suffix(count + 9))
            let expected = values.elements.map { $0 < 0 ? 0 : $0 }
            kernels.relu(values.vector)
            #expect(values.elements.bits == expected.bits, "\(count) values")
            #expect(values.isIntact, "\(count) values")
        }
    }

    @Test("of relu pass the gradient where the output is positive", arguments: Kernels.supported)
    func reluBackward(kernels: any KernelSet.Type) {
        for count in 1...40 {
            let gradient = Guarded(randomMagnitudes(count, seed: 7))
            let output = Guarded(randomValues(count, seed: 8).map { max($0, 0) })
            let expected = zip(gradient.elements, output.elements).map { $1 > 0 ? $0 : 0 }
            kernels.reluBackward(gradient.vector, output: output.vector)
            #expect(gradient.elements.bits == expected.bits, "\(count) values")
            #expect(gradient.isIntact && output.isIntact, "\(count) values")
        }
    }

    /// The distance of a float32 result from the true value, in units in the last place.
    private func ulps(_ result: Float, from exact: Double) -> Double {
        (Double(result) - exact).magnitude / Double(Float(exact).ulp)
    }
}
