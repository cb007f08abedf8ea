import Monitoring
import Training

/// What a person can do about a run whose numbers are no longer finite.
struct DivergenceAdvice {
    private let configuration: RunConfiguration
    private let directory: RunDirectory
    private let command: String

    /// Advice on the run in a folder, which `command` has carried out.
    init(_ configuration: RunConfiguration, _ directory: RunDirectory, command: String) {
        self.configuration = configuration
        self.directory = directory
        self.command = command
    }

    /// One line: what went wrong after so many steps, the last good checkpoint, a command to go on.
    func text(afterStep step: Int) -> String {
        guard step > 0 else {
            return
                "the training diverged at its first step: the loss or a gradient is not a finite "
                + "number; the data's values or the initial weights are too large: scale them down"
        }
        let what =
            "the training diverged: after step \(step) the loss, a gradient or a weight is no longer "
            + "a finite number"
        // The weights after the last step are those that give no finite loss, so a checkpoint of
        // them is not good.
        guard let good = directory.checkpoints.newestPath(before: step) else {
            return
                "\(what); no checkpoint was due before that, so start again with a lower learning "
                + "rate: \(milderCommand([]))"
        }
        let weights = ["--initial-weights", shellWord(good)]
        return "\(what); the last good checkpoint is \(good); to train on from it with a lower "
            + "learning rate: \(milderCommand(weights))"
    }

    /// The command that trains by the same configuration, but with smaller steps.
    private func milderCommand(_ more: [String]) -> String {
        let (training, defaults) = (configuration.training, TrainingConfiguration())
        // As a Float, a tenth has no tail of digits.
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
