import Glibc
import Kernels
import TestSupport
import Testing

@Suite("Softmax cross entropy")
struct CrossEntropyTests {
    @Test(
        "gives loss and gradient as in double precision, within rounding",
        arguments: Kernels.supported, [0, 0.1, 0.9])
    func accuracy(kernels: any KernelSet.Type, smoothing: Double) {
        for classes in Array(2...40) + [256] {
            for (round, limit) in [Float(1e-3), 1, 10, 80].enumerated() {
                let seed = UInt64(classes * 10 + round)
                let logits = randomValues(classes, seed: seed, limit: limit)
                let label = classes * 7 / 10
                let expected = reference(logits, label: label, smoothing: smoothing)
                let row = Guarded(logits)
                let result = kernels.softmaxCrossEntropy(
                    row.vector, label: label, smoothing: smoothing)
                let error = (Double(result.loss) - expected.loss).magnitude
                #expect(error <= 3e-7 * max(1, expected.loss), "\(classes) classes, ±\(limit)")
                let worst = zip(row.elements, expected.gradient).map { (Double($0) - $1).magnitude }
                #expect(worst.allSatisfy { $0 <= 5e-7 }, "\(classes) classes, ±\(limit)")
                #expect(row.isIntact, "\(classes) classes, ±\(limit)")
            }
        }
    }

    @Test("keeps the digits of tiny losses", arguments: Kernels.supported)
    func smallLosses(kernels: any KernelSet.Type) {
        // Two classes d apart: the loss is log(1 + e^-d), to the last place of 1 + e^-d.
        for distance in stride(from: Float(0), through: 15, by: 0.125) {
            let row = Guarded([distance, 0])
            let result = kernels.softmaxCrossEntropy(row.vector, label: 0, smoothing: 0)
            let exact = log1p(exp(-Double(distance)))
            #expect((Double(result.loss) - exact).magnitude <= 1.5e-7, "\(distance) apart")
        }
    }

    @Test("gives row gradients that sum to zero, smoothed or not", arguments: Kernels.supported)
    func sumOfGradients(kernels: any KernelSet.Type) {
        for classes in [2, 3, 10, 16, 100] {
            for smoothing in [0, 0.1, 0.5] {
                let row = Guarded(randomValues(classes, seed: 4, limit: 5))
                _ = kernels.softmaxCrossEntropy(
                    row.vector, label: classes / 2, smoothing: smoothing)
                let sum = row.elements.reduce(0) { $0 + Double($1) }
                #expect(sum.magnitude < 3e-7, "\(classes) classes, \(smoothing)")
            }
        }
    }

    @Test("predicts the same class with smoothing", arguments: Kernels.supported)
    func smoothedGuesses(kernels: any KernelSet.Type) {
        let result = Guarded([0, 1, 0.5]).withVector {
            kernels.softmaxCrossEntropy($0, label: 1, smoothing: 0.9)
        }
        #expect(result.isCorrect)
    }

    @Test("has the same bits in every kernel set", arguments: [0, 0.1])
    func agreement(smoothing: Double) throws {
        let fastest = try #require(Kernels.supported.first)
        for classes in 2...40 {
            let logits = randomValues(classes, seed: UInt64(classes), limit: 20)
            let reference = Guarded(logits)
            let expected = fastest.softmaxCrossEntropy(
                reference.vector, label: classes - 1, smoothing: smoothing)
            for kernels in Kernels.supported {
                let row = Guarded(logits)
                let result = kernels.softmaxCrossEntropy(
                    row.vector, label: classes - 1, smoothing: smoothing)
                #expect(result.loss.bitPattern == expected.loss.bitPattern, "\(kernels.name)")
                #expect(row.elements.bits == reference.elements.bits, "\(kernels.name)")
            }
        }
    }

    @Test("predicts the first of the largest logits", arguments: Kernels.supported)
    func guesses(kernels: any KernelSet.Type) {
        let logits: [Float] = [-1, 3, 2, 3, -7]
        for label in logits.indices {
            let result = Guarded(logits).withVector {
                kernels.softmaxCrossEntropy($0, label: label, smoothing: 0)
            }
            #expect(result.isCorrect == (label == 1), "label \(label)")
        }
    }

    @Test("gives finite losses and gradients for huge logits", arguments: Kernels.supported)
    func hugeLogits(kernels: any KernelSet.Type) {
        let row = Guarded([1e38, -1e38, 0, 1e38])
        let result = kernels.softmaxCrossEntropy(row.vector, label: 1, smoothing: 0)
        #expect(result.loss == 2e38)
        #expect(row.elements[0] == 0.5 && row.elements[1] == -1 && row.elements[3] == 0.5)
        #expect(row.elements[2] >= 0 && row.elements[2] < 1e-37)
    }

    @Test("ignores a class with a logit of minus infinity", arguments: Kernels.supported)
    func minusInfinity(kernels: any KernelSet.Type) {
        let row = Guarded([1, -.infinity, 1])
        let result = kernels.softmaxCrossEntropy(row.vector, label: 0, smoothing: 0)
        #expect((result.loss - log(2)).magnitude < 1e-7)
        #expect(row.elements[0] == -0.5 && row.elements[1] < 1e-37 && row.elements[2] == 0.5)
        let smoothed = Guarded([1, -.infinity, 1]).withVector {
            kernels.softmaxCrossEntropy($0, label: 0, smoothing: 0.1)
        }
        #expect(smoothed.loss == .infinity)
    }

    @Test("gives a NaN loss if a logit is NaN or infinite", arguments: Kernels.supported)
    func notFinite(kernels: any KernelSet.Type) {
        for bad in [Float.nan, -.nan, .infinity] {
            for classes in [2, 10, 16, 17, 40] {
                for place in 0..<classes {
                    for label in [0, classes - 1] {
                        var logits = randomValues(classes, seed: 3)
                        logits[place] = bad
                        let result = Guarded(logits).withVector {
                            kernels.softmaxCrossEntropy($0, label: label, smoothing: 0)
                        }
                        #expect(result.loss.isNaN, "\(bad) at \(place) of \(classes)")
                    }
                }
            }
        }
    }

    private func reference(
        _ logits: [Float], label: Int, smoothing: Double
    ) -> (loss: Double, gradient: [Double]) {
        let largest = Double(logits.max() ?? 0)
        let total = logits.reduce(0) { $0 + exp(Double($1) - largest) }
        let logarithms = logits.map { Double($0) - largest - log(total) }
        var target = logits.map { _ in smoothing / Double(logits.count) }
        target[label] += 1 - smoothing
        let loss = -zip(target, logarithms).map(*).reduce(0, +)
        return (loss, zip(logarithms, target).map { exp($0) - $1 })
    }
}
