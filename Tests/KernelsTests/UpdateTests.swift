import Kernels
import TestSupport
import Testing

@Suite("Optimizer updates")
struct UpdateTests {
    @Test("of Adam apply the same operations to every parameter", arguments: Kernels.supported)
    func adam(kernels: any KernelSet.Type) {
        let coefficients = AdamCoefficients(
            firstDecay: 0.1, secondKeep: 0.999, secondDecay: 0.001, stepSize: 0.02,
            rootOfSecondCorrection: 0.3, epsilon: 1e-8)
        for count in 0...40 {
            let gradients = Guarded(randomMagnitudes(count, seed: 1))
            let parameters = Guarded(randomValues(count, seed: 2))
            let first = Guarded(randomMagnitudes(count, seed: 3))
            let second = Guarded(randomMagnitudes(count, seed: 4).map { $0 * $0 })
            var expected: (m: [Float], v: [Float], p: [Float]) = ([], [], [])
            for index in 0..<count {
                let gradient = gradients.elements[index]
                let oldMoment = first.elements[index]
                let m = oldMoment.addingProduct(0.1, gradient - oldMoment)
                let v = (second.elements[index] * 0.999).addingProduct(gradient * 0.001, gradient)
                expected.m.append(m)
                expected.v.append(v)
                expected.p.append(
                    parameters.elements[index] - 0.02 * (m / (v.squareRoot() / 0.3 + 1e-8)))
            }
            kernels.adam(
                parameters: parameters.vector, gradients: gradients.vector,
                firstMoments: first.vector, secondMoments: second.vector, coefficients)
            #expect(first.elements.bits == expected.m.bits, "\(count) values")
            #expect(second.elements.bits == expected.v.bits, "\(count) values")
            #expect(parameters.elements.bits == expected.p.bits, "\(count) values")
            let all = [gradients, parameters, first, second]
            #expect(all.allSatisfy { $0.isIntact }, "\(count) values")
        }
    }

    @Test("of Adam keep parameters that never had a gradient", arguments: Kernels.supported)
    func noGradient(kernels: any KernelSet.Type) {
        let parameters = Guarded([1, -2, 3])
        let zeros = (0..<3).map { _ in Guarded([0, 0, 0]) }
        kernels.adam(
            parameters: parameters.vector, gradients: zeros[0].vector,
            firstMoments: zeros[1].vector, secondMoments: zeros[2].vector,
            AdamCoefficients(
                firstDecay: 0.1, secondKeep: 0.999, secondDecay: 0.001, stepSize: 0.02,
                rootOfSecondCorrection: 0.3, epsilon: 1e-8))
        #expect(parameters.elements == [1, -2, 3])
    }

    @Test("of RMSprop replace the gradients with its direction", arguments: Kernels.supported)
    func rmsprop(kernels: any KernelSet.Type) {
        for count in 0...40 {
            let gradients = Guarded(randomMagnitudes(count, seed: 5))
            let moments = Guarded(randomMagnitudes(count, seed: 6).map { $0 * $0 })
            let means = zip(moments.elements, gradients.elements).map { moment, gradient in
                (moment * 0.99).addingProduct(gradient * 0.01, gradient)
            }
            let direction = zip(gradients.elements, means).map { gradient, mean in
                gradient / (mean.squareRoot() + 1e-8)
            }
            kernels.rmsprop(
                gradients: gradients.vector, secondMoments: moments.vector, keep: 0.99,
                decay: 0.01, epsilon: 1e-8)
            #expect(moments.elements.bits == means.bits, "\(count) values")
            #expect(gradients.elements.bits == direction.bits, "\(count) values")
            #expect(gradients.isIntact && moments.isIntact, "\(count) values")
        }
    }

    @Test("of RMSprop have no direction for a zero gradient", arguments: Kernels.supported)
    func noDirection(kernels: any KernelSet.Type) {
        let gradients = Guarded([0, 0, 0])
        let moments = Guarded([0, 1, 0])
        kernels.rmsprop(
            gradients: gradients.vector, secondMoments: moments.vector, keep: 0.99, decay: 0.01,
            epsilon: 1e-8)
        #expect(gradients.elements == [0, 0, 0])
        #expect(moments.elements == [0, 0.99, 0])
    }
}
