import Kernels
import Optimizers
import TestSupport
import Testing

@Suite("Optimizers")
struct OptimizerTests {
    @Test(
        "continue from saved state with the same updates, to the last bit",
        arguments: Kernels.supported, sampleRules)
    func resuming(kernels: any KernelSet.Type, rule: UpdateRule) {
        let parameters = FloatBuffer(randomValues(53, seed: 1))
        var optimizer = Optimizer(rule, count: 53, kernels: kernels)
        for step in 0..<7 { update(parameters, by: &optimizer, step: step) }

        let copy = FloatBuffer(copying: parameters)
        var resumed = Optimizer(
            rule, steps: optimizer.steps, state: optimizer.state, kernels: kernels)
        for step in 7..<12 {
            update(parameters, by: &optimizer, step: step)
            update(copy, by: &resumed, step: step)
        }
        #expect(copy.values.bits == parameters.values.bits)
        #expect(resumed.steps == 12)
    }

    @Test("make the same updates in every kernel set", arguments: sampleRules)
    func agreement(rule: UpdateRule) throws {
        let results = Kernels.supported.map { kernels in
            let parameters = FloatBuffer(randomValues(53, seed: 1))
            var optimizer = Optimizer(rule, count: 53, kernels: kernels)
            for step in 0..<7 { update(parameters, by: &optimizer, step: step) }
            return parameters.values.bits
        }
        let first = try #require(results.first)
        #expect(results.allSatisfy { $0 == first })
    }

    @Test(
        "match double precision, within rounding", arguments: Kernels.supported,
        sampleRules)
    func reference(kernels: any KernelSet.Type, rule: UpdateRule) {
        let initial = randomValues(53, seed: 1)
        let parameters = FloatBuffer(initial)
        var references = initial.map { ReferenceOptimizer(rule, parameter: Double($0)) }
        var optimizer = Optimizer(rule, count: 53, kernels: kernels)
        for step in 0..<30 {
            // Parameter 0 never gets a gradient, and the last ones get small gradients.
            let gradients = randomValues(53, seed: UInt64(100 + step)).enumerated().map {
                $0.offset == 0 ? 0 : $0.element / Float($0.offset * $0.offset)
            }
            let rate = 0.01 / Double(step + 1)
            optimizer.update(
                parameters, gradients: FloatBuffer(gradients), learningRate: rate)
            for index in references.indices {
                references[index].update(gradient: Double(gradients[index]), rate: rate)
                let expected = references[index].parameter
                let error = (Double(parameters[index]) - expected).magnitude
                #expect(error <= 1e-6 * max(1, expected.magnitude), "step \(step), \(index)")
            }
        }
    }

    @Test("keep only the state that their rule needs")
    func stateVariables() {
        #expect(UpdateRule(.adam).stateVariables == [.firstMoment, .secondMoment])
        #expect(UpdateRule(.adamw).stateVariables == [.firstMoment, .secondMoment])
        #expect(UpdateRule(.sgd, weightDecay: 1).stateVariables == [])
        #expect(UpdateRule(.sgd, momentum: 0.1).stateVariables == [.velocity])
        #expect(UpdateRule(.rmsprop).stateVariables == [.secondMoment])
        #expect(UpdateRule(.rmsprop, momentum: 0.1).stateVariables == [.secondMoment, .velocity])
    }

    @Test("of AdamW equal Adam at a decay of zero", arguments: Kernels.supported)
    func noDecay(kernels: any KernelSet.Type) {
        let results = [OptimizerKind.adam, .adamw].map { kind in
            let parameters = FloatBuffer(randomValues(53, seed: 1))
            var optimizer = Optimizer(UpdateRule(kind), count: 53, kernels: kernels)
            for step in 0..<7 { update(parameters, by: &optimizer, step: step) }
            return parameters.values.bits
        }
        #expect(results[0] == results[1])
    }

    @Test("of Adam first move each parameter by the learning rate", arguments: Kernels.supported)
    func firstUpdate(kernels: any KernelSet.Type) {
        let parameters = FloatBuffer([1, 1, 1])
        var optimizer = Optimizer(UpdateRule(.adam), count: 3, kernels: kernels)
        optimizer.update(parameters, gradients: FloatBuffer([1e-3, -5, 0]), learningRate: 0.125)
        #expect((parameters[0] - 0.875).magnitude < 2e-6)
        #expect((parameters[1] - 1.125).magnitude < 2e-6)
        #expect(parameters[2] == 1)
    }

    @Test("leave a gradient within the clipping limit unchanged", arguments: Kernels.supported)
    func noClipping(kernels: any KernelSet.Type) {
        for limit in [5.1, .infinity] {
            let gradients = FloatBuffer([3, -4, 0])
            #expect(clipNorm(gradients, to: limit, kernels: kernels) == 5)
            #expect(gradients.values == [3, -4, 0])
        }
    }

    @Test("report a gradient that is not finite by its norm", arguments: Kernels.supported)
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
