import Glibc
import Kernels
import TestSupport
import Testing

@Suite("Cross entropy of the softmax")
struct CrossEntropyTests {
    @Test(
        "loss and gradient are those of double precision within rounding",
        arguments: Kernels.supported)
    func accuracy(kernels: any KernelSet.Type) {
        for classes in Array(2...40) + [256] {
            for (round, limit) in [Float(1e-3), 1, 10, 80].enumerated() {
                let seed = UInt64(classes * 10 + round)
                let logits = randomValues(classes, seed: seed, limit: limit)
                let label = classes * 7 / 10
                let expected = reference(logits, label: label)
                let row = Guarded(logits)
                let result = kernels.softmaxCrossEntropy(row.vector, label: label)
                let error = (Double(result.loss) - expected.loss).magnitude
                #expect(error <= 3e-7 * max(1, expected.loss), "\(classes) classes, ±\(limit)")
                let worst = zip(row.elements, expected.gradient).map { (Double($0) - $1).magnitude }
                #expect(worst.allSatisfy { $0 <= 5e-7 }, "\(classes) classes, ±\(limit)")
                #expect(row.isIntact, "\(classes) classes, ±\(limit)")
            }
        }
    }

    @Test("the losses of near-certain rows keep their digits", arguments: Kernels.supported)
    func smallLosses(kernels: any KernelSet.Type) {
        // Two classes d apart: the loss is log(1 + e^-d), to the last place of 1 + e^-d.
        for distance in stride(from: Float(0), through: 15, by: 0.125) {
            let row = Guarded([distance, 0])
            let result = kernels.softmaxCrossEntropy(row.vector, label: 0)
            let exact = log1p(exp(-Double(distance)))
            #expect((Double(result.loss) - exact).magnitude <= 1.5e-7, "\(distance) apart")
        }
    }

    @Test("every kernel set gives the same bits")
    func agreement() throws {
        let fastest = try #require(Kernels.supported.first)
        for classes in 2...40 {
            let logits = randomValues(classes, seed: UInt64(classes), limit: 20)
            let reference = Guarded(logits)
            let expected = fastest.softmaxCrossEntropy(reference.vector, label: classes - 1)
            for kernels in Kernels.supported {
                let row = Guarded(logits)
                let result = kernels.softmaxCrossEntropy(row.vector, label: classes - 1)
                #expect(result.loss.bitPattern == expected.loss.bitPattern, "\(kernels.name)")
                #expect(row.elements.bits == reference.elements.bits, "\(kernels.name)")
            }
        }
    }

    @Test("the first of the largest logits is the guess", arguments: Kernels.supported)
    func guesses(kernels: any KernelSet.Type) {
        let logits: [Float] = [-1, 3, 2, 3, -7]
        for label in logits.indices {
            let result = kernels.softmaxCrossEntropy(Guarded(logits).vector, label: label)
            #expect(result.isCorrect == (label == 1), "label \(label)")
        }
    }

    @Test("huge logits give finite losses and gradients", arguments: Kernels.supported)
    func hugeLogits(kernels: any KernelSet.Type) {
        let row = Guarded([1e38, -1e38, 0, 1e38])
        let result = kernels.softmaxCrossEntropy(row.vector, label: 1)
        #expect(result.loss == 2e38)
        #expect(row.elements[0] == 0.5 && row.elements[1] == -1 && row.elements[3] == 0.5)
        #expect(row.elements[2] >= 0 && row.elements[2] < 1e-37)
    }

    @Test("a class that is ruled out has no part in the loss", arguments: Kernels.supported)
    func minusInfinity(kernels: any KernelSet.Type) {
        let row = Guarded([1, -.infinity, 1])
        let result = kernels.softmaxCrossEntropy(row.vector, label: 0)
        #expect((result.loss - log(2)).magnitude < 1e-7)
        #expect(row.elements[0] == -0.5 && row.elements[1] < 1e-37 && row.elements[2] == 0.5)
    }

    @Test("a logit that is NaN or infinite makes the loss NaN", arguments: Kernels.supported)
    func notFinite(kernels: any KernelSet.Type) {
        for bad in [Float.nan, -.nan, .infinity] {
            for classes in [2, 10, 16, 17, 40] {
                for place in 0..<classes {
                    for label in [0, classes - 1] {
                        var logits = randomValues(classes, seed: 3)
                        logits[place] = bad
                        let result = kernels.softmaxCrossEntropy(
                            Guarded(logits).vector, label: label)
                        #expect(result.loss.isNaN, "\(bad) at \(place) of \(classes)")
                    }
                }
            }
        }
    }

    private func reference(_ logits: [Float], label: Int) -> (loss: Double, gradient: [Double]) {
        let largest = Double(logits.max() ?? 0)
        let powers = logits.map { exp(Double($0) - largest) }
        let total = powers.reduce(0, +)
        var gradient = powers.map { $0 / total }
        gradient[label] -= 1
        return (log(total) - (Double(logits[label]) - largest), gradient)
    }
}
