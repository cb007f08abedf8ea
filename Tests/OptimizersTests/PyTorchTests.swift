import Foundation
import Kernels
import Optimizers
import TestSupport
import Testing

@Suite("Compared with PyTorch,")
struct PyTorchTests {
    private static let width = 37
    private static let steps = 20

    /// A rule, and the tensor with the parameters after each of its updates.
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: UpdateRule
        let tensor: String
        var testDescription: String { tensor }

        init(_ tensor: String, _ rule: UpdateRule) {
            self.rule = rule
            self.tensor = tensor
        }
    }

    private static let cases = [
        Case("adam", UpdateRule(.adam)),
        Case("adam-decay", UpdateRule(.adam, weightDecay: 0.01)),
        Case("adamw-0.01", UpdateRule(.adamw, weightDecay: 0.01)),
        Case("adamw-0.1", UpdateRule(.adamw, weightDecay: 0.1)),
        Case("sgd", UpdateRule(.sgd)),
        Case("sgd-decay", UpdateRule(.sgd, weightDecay: 0.01)),
        Case("sgd-momentum", UpdateRule(.sgd, momentum: 0.9)),
        Case("sgd-nesterov", UpdateRule(.sgd, momentum: 0.9, isNesterov: true)),
        Case("rmsprop", UpdateRule(.rmsprop)),
        Case("rmsprop-momentum", UpdateRule(.rmsprop, momentum: 0.9)),
    ]

    @Test(
        "parameters agree after each of twenty updates", arguments: Kernels.supported, cases)
    func updates(kernels: any KernelSet.Type, testCase: Case) throws {
        let isFirst = ["adam", "sgd"].contains(testCase.tensor)
        let fixture = try fixture(isFirst ? "optimizers" : "optimizers-more")
        let rate = try #require(fixture.metadata["learning_rate"].flatMap(Double.init))
        let gradients = try fixture.floats("gradients")
        let expected = try fixture.floats(testCase.tensor)
        let parameters = FloatBuffer(try fixture.floats("parameters"))
        var optimizer = Optimizer(testCase.rule, count: Self.width, kernels: kernels)
        for step in 0..<Self.steps {
            let row = step * Self.width..<(step + 1) * Self.width
            optimizer.update(
                parameters, gradients: FloatBuffer(gradients[row]), learningRate: rate)
            #expect(optimizer.steps == step + 1)
            let distance = relativeDistance(parameters.values, from: expected[row])
            #expect(distance < 1e-6, "step \(step)")
            // A norm could hide one wrong parameter, such as the one without a gradient.
            for (index, value) in expected[row].enumerated() {
                let error = (parameters[index] - value).magnitude
                #expect(error <= 1e-6 * max(1, value.magnitude), "step \(step), \(index)")
            }
        }
    }

    @Test("gradients are clipped as by clip_grad_norm_", arguments: Kernels.supported)
    func clipping(kernels: any KernelSet.Type) throws {
        let fixture = try fixture("optimizers")
        let before = try fixture.floats("clip.before")
        let after = try fixture.floats("clip.after")
        let limits = try fixture.doubles("clip.max_norm")
        let norms = try fixture.doubles("clip.norm")
        for (index, limit) in limits.enumerated() {
            let row = index * Self.width..<(index + 1) * Self.width
            let gradients = FloatBuffer(before[row])
            let norm = clipNorm(gradients, to: limit, kernels: kernels)
            #expect((norm / norms[index] - 1).magnitude < 1e-6)
            #expect(relativeDistance(gradients.values, from: after[row]) < 1e-6)
        }
    }

    @Test("each step has the learning rate of PyTorch's schedulers")
    func schedules() throws {
        let fixture = try fixture("schedules")
        let metadata = fixture.metadata
        let base = try #require(metadata["learning_rate"].flatMap(Double.init))
        let interval = try #require(metadata["step_size"].flatMap { Int($0) })
        let gamma = try #require(metadata["gamma"].flatMap(Double.init))
        let warmup = try #require(metadata["warmup"].flatMap { Int($0) })
        let steps = try fixture.doubles("cosine").count
        for (tensor, schedule) in [
            ("cosine", Schedule(.cosine, total: steps)),
            ("warmup-cosine", Schedule(.cosine, total: steps, warmup: warmup)),
            ("step", Schedule(.step, total: steps, interval: interval, gamma: gamma)),
        ] {
            for (step, expected) in try fixture.doubles(tensor).enumerated() {
                let error = (schedule.rate(base, step: step) - expected).magnitude
                #expect(error <= 1e-14, "\(tensor), step \(step)")
            }
        }
    }

    private func fixture(_ name: String) throws -> Fixture {
        let folder = try #require(Bundle.module.resourcePath)
        return try Fixture(path: "\(folder)/Fixtures/\(name).safetensors")
    }
}
