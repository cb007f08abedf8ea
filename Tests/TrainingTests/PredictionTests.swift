import Glibc
import Kernels
import ModelFiles
import NeuralNetwork
import TestSupport
import Testing
import Training

@Suite("A prediction")
struct PredictionTests {
    @Test("has the softmax of the logits as probabilities", arguments: Kernels.supported)
    func softmax(kernels: any KernelSet.Type) {
        for classes in [2, 3, 10, 256] {
            let logits = randomValues(classes, seed: UInt64(classes), limit: 8)
            let found = Prediction(logits: logits, kernels: kernels).probabilities
            let powers = logits.map { exp(Double($0)) }
            let sum = powers.reduce(0, +)
            for (probability, power) in zip(found, powers) {
                #expect((Double(probability) / (power / sum) - 1).magnitude < 1e-5)
            }
        }
    }

    @Test("has the same bits in every kernel set")
    func sameBits() {
        let logits = randomValues(10, seed: 3, limit: 20)
        let sets = Kernels.supported.map {
            Prediction(logits: logits, kernels: $0).probabilities.bits
        }
        #expect(Set(sets).count == 1)
    }

    @Test("ranks classes by their logits, and equal ones by their numbers")
    func ranking() {
        let prediction = Prediction(
            logits: [-200, 3, 3, -100, 7], kernels: Kernels.supported[0])
        #expect(prediction.ranking == [4, 1, 2, 3, 0] && prediction.best == 4)
        #expect(prediction.probabilities[0] < 1e-30 && prediction.probabilities[3] < 1e-30)
    }

    @Test("has the best class that evaluation counts as correct")
    func agreesWithEvaluation() {
        let kernels = Kernels.supported[0]
        let parameters = Snapshot(
            copying: ParameterLayout(smallArchitecture).initialParameters(
                for: smallArchitecture, seed: 1))
        let model = ModelFile(
            architecture: smallArchitecture, dataset: "custom", configuration: nil,
            parameters: parameters)
        let predictor = Predictor(model, kernels: kernels)
        let evaluator = Evaluator(smallArchitecture, kernels: kernels)
        parameters.withBytes { evaluator.load($0) }

        let images = randomImages(20, for: smallArchitecture, seed: 5)
        let size = smallArchitecture.exampleSize
        for (index, loss) in evaluator.losses(of: 0..<20, in: images).enumerated() {
            let pixels = images.values[index * size..<(index + 1) * size]
            let prediction = predictor.predict(Array(pixels))
            let label = Int(images.labels[index])
            #expect((prediction.best == label) == loss.isCorrect)
            let expected = exp(-Double(loss.loss))
            #expect((Double(prediction.probabilities[label]) - expected).magnitude < 1e-6)
        }
    }
}
