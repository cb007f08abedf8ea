import Foundation
import Kernels
import Optimizers
import TestSupport
import Testing

@Suite("Against PyTorch")
struct PyTorchTests {
    private static let width = 37
    private static let steps = 20
    private let fixture: Fixture

    init() throws {
        let folder = try #require(Bundle.module.resourcePath)
        fixture = try Fixture(path: "\(folder)/Fixtures/optimizers.safetensors")
    }

    @Test(
        "twenty updates lead through PyTorch's parameters", arguments: Kernels.supported,
        [OptimizerKind.adam, .sgd])
    func updates(kernels: any KernelSet.Type, kind: OptimizerKind) throws {
        let rate = try #require(fixture.metadata["learning_rate"].flatMap(Double.init))
        let gradients = try fixture.floats("gradients")
        let expected = try fixture.floats(kind.rawValue)
        let parameters = FloatBuffer(try fixture.floats("parameters"))
        var optimizer = Optimizer(UpdateRule(kind), count: Self.width, kernels: kernels)
        for step in 0..<Self.steps {
            let row = step * Self.width..<(step + 1) * Self.width
            optimizer.update(
                parameters, gradients: FloatBuffer(gradients[row]), learningRate: rate)
            #expect(optimizer.steps == step + 1)
            let distance = relativeDistance(parameters.values, from: expected[row])
            #expect(distance < 1e-6, "step \(step)")
            // A norm could hide a parameter whose rule goes wrong, such as that without a gradient.
            for (index, value) in expected[row].enumerated() {
                let error = (parameters[index] - value).magnitude
                #expect(error <= 1e-6 * max(1, value.magnitude), "step \(step), \(index)")
            }
        }
    }

    @Test("gradients are clipped as clip_grad_norm_ does", arguments: Kernels.supported)
    func clipping(kernels: any KernelSet.Type) throws {
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
}
