import Kernels
import NeuralNetwork
import Reduction
import TestSupport
import Testing
import Training

@Suite("Evaluation")
struct EvaluationTests {
    @Test("gives each image the same loss as in a network by itself", arguments: Kernels.supported)
    func losses(kernels: any KernelSet.Type) {
        let images = randomImages(150, for: smallArchitecture, seed: 7)
        let parameters = ParameterLayout(smallArchitecture)
            .initialParameters(for: smallArchitecture, seed: 1)
        let network = Network(smallArchitecture, capacity: 1, kernels: kernels)
        parameters.withBytes { network.load($0) }
        let size = smallArchitecture.exampleSize
        let expected = (0..<images.count).map { image in
            let pixels = images.values[image * size..<(image + 1) * size]
            network.setInput(pixels.span.bytes, row: 0, of: 1)
            network.forward(rows: 1)
            return network.loss(row: 0, label: Int(images.labels[image]))
        }

        let evaluator = Evaluator(smallArchitecture, kernels: kernels)
        parameters.withBytes { evaluator.load($0) }
        for range in [0..<150, 0..<64, 1..<66, 149..<150, 70..<70] {
            let losses = evaluator.losses(of: range, in: images)
            #expect(losses.map(\.loss).bits == expected[range].map(\.loss).bits, "\(range)")
            #expect(losses.map(\.isCorrect) == expected[range].map(\.isCorrect), "\(range)")
        }
    }

    @Test("counts examples, hits and losses, and computes their means")
    func tally() {
        var tally = Tally([
            ExampleLoss(loss: 0.5, predicted: 1, label: 1),
            ExampleLoss(loss: 1.75, predicted: 0, label: 1),
            ExampleLoss(loss: 0.25, predicted: 1, label: 1),
        ])
        #expect(tally == Tally(examples: 3, correct: 2, loss: 2.5))
        tally += Tally(examples: 1, correct: 1, loss: 0.5)
        #expect(tally == Tally(examples: 4, correct: 3, loss: 3))
        #expect(tally.meanLoss == 0.75 && tally.accuracy == 0.75)
    }

    @Test("of nothing has no loss and no hits")
    func emptyTally() {
        #expect(Tally().meanLoss == 0 && Tally().accuracy == 0)
    }
}
