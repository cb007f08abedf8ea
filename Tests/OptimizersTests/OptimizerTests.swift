import Kernels
import Optimizers
import TestSupport
import Testing

@Suite("Optimizers")
struct OptimizerTests {
    @Test(
        "an optimizer that goes on from saved state makes the same updates to the last bit",
        arguments: Kernels.supported, OptimizerKind.allCases)
    func resuming(kernels: any KernelSet.Type, kind: OptimizerKind) {
        let parameters = FloatBuffer(randomValues(53, seed: 1))
        var optimizer = Optimizer(kind, count: 53, kernels: kernels)
        for step in 0..<7 { update(parameters, by: &optimizer, step: step) }

        let copy = FloatBuffer(copying: parameters)
        var resumed = Optimizer(
            kind, steps: optimizer.steps,
            firstMoments: FloatBuffer(copying: optimizer.firstMoments),
            secondMoments: FloatBuffer(copying: optimizer.secondMoments), kernels: kernels)
        for step in 7..<12 {
            update(parameters, by: &optimizer, step: step)
            update(copy, by: &resumed, step: step)
        }
        #expect(copy.values.bits == parameters.values.bits)
        #expect(resumed.steps == 12)
    }

    @Test("every kernel set makes the same updates", arguments: OptimizerKind.allCases)
    func agreement(kind: OptimizerKind) throws {
        let results = Kernels.supported.map { kernels in
            let parameters = FloatBuffer(randomValues(53, seed: 1))
            var optimizer = Optimizer(kind, count: 53, kernels: kernels)
            for step in 0..<7 { update(parameters, by: &optimizer, step: step) }
            return parameters.values.bits
        }
        let first = try #require(results.first)
        #expect(results.allSatisfy { $0 == first })
    }

    @Test("Adam keeps two moments a parameter, SGD none", arguments: Kernels.supported)
    func moments(kernels: any KernelSet.Type) {
        let adam = Optimizer(.adam, count: 5, kernels: kernels)
        #expect(adam.firstMoments.count == 5 && adam.secondMoments.count == 5)
        let sgd = Optimizer(.sgd, count: 5, kernels: kernels)
        #expect(sgd.firstMoments.count == 0 && sgd.secondMoments.count == 0)
    }

    @Test("Adam's first update moves each parameter by the rate", arguments: Kernels.supported)
    func firstUpdate(kernels: any KernelSet.Type) {
        let parameters = FloatBuffer([1, 1, 1])
        var optimizer = Optimizer(.adam, count: 3, kernels: kernels)
        optimizer.update(parameters, gradients: FloatBuffer([1e-3, -5, 0]), learningRate: 0.125)
        #expect((parameters[0] - 0.875).magnitude < 2e-6)
        #expect((parameters[1] - 1.125).magnitude < 2e-6)
        #expect(parameters[2] == 1)
    }

    @Test("a gradient within the limit is left as it is", arguments: Kernels.supported)
    func noClipping(kernels: any KernelSet.Type) {
        for limit in [5.1, .infinity] {
            let gradients = FloatBuffer([3, -4, 0])
            #expect(clipNorm(gradients, to: limit, kernels: kernels) == 5)
            #expect(gradients.values == [3, -4, 0])
        }
    }

    @Test("the norm tells of a gradient that is not finite", arguments: Kernels.supported)
    func notFinite(kernels: any KernelSet.Type) {
        let infinite = FloatBuffer([1, -.infinity])
        #expect(clipNorm(infinite, to: 1, kernels: kernels) == .infinity)
        #expect(clipNorm(FloatBuffer([1, .nan]), to: 1, kernels: kernels).isNaN)
    }

    private func update(_ parameters: FloatBuffer, by optimizer: inout Optimizer, step: Int) {
        let gradients = FloatBuffer(randomMagnitudes(parameters.count, seed: UInt64(100 + step)))
        optimizer.update(parameters, gradients: gradients, learningRate: 0.01)
    }
}
