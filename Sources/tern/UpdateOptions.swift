import ArgumentParser
import Optimizers
import Training

private let defaults = TrainingConfiguration()

/// The options that decide what a step makes of its examples.
struct UpdateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fraction of each training target that is spread evenly over all classes: 0 to "
                + "below 1; tests are not smoothed. (default: \(defaults.labelSmoothing))",
            valueName: "share"))
    var labelSmoothing: Double?

    @Option(
        help: ArgumentHelp(
            "Highest learning rate of the schedule. (default: "
                + "\(defaults.learningRate))", valueName: "rate"))
    var learningRate: Double?

    @Option(
        help: "Update rule. (default: \(defaults.optimizer.rawValue))")
    var optimizer: OptimizerKind?

    @Option(
        help: """
            Fraction of the velocity that sgd and rmsprop keep at each step: 0 to below 1. (default: \
            \(defaults.momentum))
            """)
    var momentum: Double?

    @Flag(
        inversion: .prefixedNo,
        help: "Use Nesterov momentum with sgd. (default: --no-nesterov)")
    var nesterov: Bool?

    @Option(
        help: ArgumentHelp(
            "Weight decay: adds this times the weights to the gradient. adamw shrinks the weights "
                + "by this times the rate instead; PyTorch's default there is 0.01. "
                + "(default: \(defaults.weightDecay))",
            valueName: "decay"))
    var weightDecay: Double?

    @Option(
        help: ArgumentHelp(
            "Largest global norm of the averaged gradient; 0 for no limit. (default: "
                + "\(defaults.clipNorm))", valueName: "norm"))
    var clipNorm: Double?

    @Option(
        help: """
            Schedule of the learning rate: cosine falls to 0, step falls at the end of epochs. \
            (default: \(defaults.schedule.rawValue))
            """)
    var schedule: ScheduleKind?

    @Option(
        help: ArgumentHelp(
            "First steps, over which the learning rate rises linearly to its full value. "
                + "(default: \(defaults.warmup))", valueName: "steps"))
    var warmup: Int?

    @Option(
        help: ArgumentHelp(
            "Epochs between two falls of the step schedule. (default: "
                + "\(defaults.stepEpochs))", valueName: "epochs"))
    var stepEpochs: Int?

    @Option(
        help: ArgumentHelp(
            "Factor of the learning rate at each fall of the step schedule. (default: "
                + "\(defaults.gamma))", valueName: "factor"))
    var gamma: Double?

    /// Changes the settings that were given.
    func apply(to training: inout TrainingConfiguration) {
        training.labelSmoothing = labelSmoothing ?? training.labelSmoothing
        training.learningRate = learningRate ?? training.learningRate
        training.optimizer = optimizer ?? training.optimizer
        training.momentum = momentum ?? training.momentum
        training.nesterov = nesterov ?? training.nesterov
        training.weightDecay = weightDecay ?? training.weightDecay
        training.clipNorm = clipNorm ?? training.clipNorm
        training.schedule = schedule ?? training.schedule
        training.warmup = warmup ?? training.warmup
        training.stepEpochs = stepEpochs ?? training.stepEpochs
        training.gamma = gamma ?? training.gamma
    }
}

extension OptimizerKind: ExpressibleByArgument {}
extension ScheduleKind: ExpressibleByArgument {}
