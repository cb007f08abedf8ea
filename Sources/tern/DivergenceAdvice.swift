import Monitoring
import Settings

/// Advice for a run that diverged.
struct DivergenceAdvice {
    private let configuration: RunConfiguration
    private let directory: RunDirectory
    private let command: String

    /// Advice for the run in a folder, trained by `command`.
    init(_ configuration: RunConfiguration, _ directory: RunDirectory, command: String) {
        self.configuration = configuration
        self.directory = directory
        self.command = command
    }

    /// One line with the fault, the last good checkpoint, and a command to continue.
    func text(afterStep step: Int) -> String {
        guard step > 0 else {
            return
                "the training diverged at its first step: the loss or a gradient is not a finite "
                + "number; the data's values or the initial weights are too large: scale them down"
        }
        let what =
            "the training diverged: after step \(step) the loss, a gradient or a weight is no longer "
            + "a finite number"
        // The weights after the last step are those with a loss that is not finite, so their
        // checkpoint is not good.
        guard let good = directory.checkpoints.newestPath(before: step) else {
            return
                "\(what); no checkpoint was due before that, so start again with a lower learning "
                + "rate: \(milderCommand([]))"
        }
        let weights = ["--initial-weights", shellWord(good)]
        return "\(what); the last good checkpoint is \(good); to train on from it with a lower "
            + "learning rate: \(milderCommand(weights))"
    }

    /// The command to train with the same configuration but smaller steps.
    private func milderCommand(_ more: [String]) -> String {
        let (training, defaults) = (configuration.training, TrainingConfiguration())
        // A Float prints a tenth without rounding digits.
        let rate = Float(min(training.learningRate / 10, defaults.learningRate))
        var words = [command, "--config", shellWord(directory.configuration)] + more
        words += ["--learning-rate", "\(max(rate, .leastNormalMagnitude))"]
        if training.clipNorm == 0 { words += ["--clip-norm", "\(defaults.clipNorm)"] }
        if !more.isEmpty, training.initialization != .uniform {
            words += ["--initialization", "\(defaults.initialization.rawValue)"]
        }
        return words.joined(separator: " ")
    }
}
