import Optimizers
import Settings
import Testing

@Suite("Update settings")
struct UpdateSettingsTests {
    @Test("give the update rule its constants")
    func rule() {
        var configuration = TrainingConfiguration()
        #expect(configuration.updateRule == UpdateRule(.adam))
        configuration.optimizer = .sgd
        configuration.momentum = 0.9
        configuration.nesterov = true
        configuration.weightDecay = 0.1
        let rule = UpdateRule(.sgd, momentum: 0.9, isNesterov: true, weightDecay: 0.1)
        #expect(configuration.updateRule == rule)
    }

    @Test("end the cosine with the run, with or without warm-up", arguments: [0, 5])
    func cosine(warmup: Int) {
        var configuration = TrainingConfiguration()
        configuration.epochs = 4
        configuration.learningRate = 0.5
        configuration.warmup = warmup
        #expect(configuration.learningRate(step: 100, stepsPerEpoch: 100) > 0.25)
        #expect(configuration.learningRate(step: 400, stepsPerEpoch: 100) == 0)
    }

    @Test("lower the rate of a step schedule at the ends of epochs")
    func steps() {
        var configuration = TrainingConfiguration()
        configuration.schedule = .step
        configuration.learningRate = 0.5
        configuration.stepEpochs = 2
        configuration.gamma = 0.5
        let rates = [0, 199, 200, 399, 400].map {
            configuration.learningRate(step: $0, stepsPerEpoch: 100)
        }
        #expect(rates == [0.5, 0.5, 0.25, 0.25, 0.125])
    }
}
