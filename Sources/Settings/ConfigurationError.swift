import NeuralNetwork
import Optimizers

/// A setting that cannot be used.
public enum ConfigurationError: Error, CustomStringConvertible, Equatable {
    /// A number that must be above zero is not.
    case notPositive(option: String, value: String)
    /// A number that must not be below zero is.
    case negative(option: String, value: String)
    /// A fraction outside 0 to below 1.
    case notAShare(option: String, value: String)
    /// A number that is too large for any machine.
    case tooLarge(option: String, value: Int, limit: Int)
    /// A setting that has no effect together with the others.
    case withoutEffect(option: String, remedy: String)
    /// Images that are too long or too wide for a network.
    case tooManyTimeSteps(rows: Int, columns: Int, SequenceOrder)
    /// Convolutions that pool the images to nothing.
    case imagesTooSmall(rows: Int, columns: Int, convolutions: Int)
    /// A number of shards that no binary tree can sum.
    case shardsNotPowerOfTwo(Int)
    /// A batch that needs more examples than there are.
    case batchLargerThanData(batchSize: Int, examples: Int)
    /// A step that needs more examples than there are.
    case stepLargerThanData(accumulate: Int, batchSize: Int, examples: Int)
    /// More shards than examples, so some would be empty.
    case moreShardsThanExamples(shards: Int, examples: Int)
    /// Fewer shards than lanes, so some lanes would idle.
    case fewerShardsThanLanes(shards: Int, workers: Int, threads: Int)
    /// A configuration file that cannot be parsed.
    case unreadableFile(path: String, reason: String)
    /// Another number of epochs would change steps that the run has already made.
    case otherLength(epochs: Int, made: Int, schedule: ScheduleKind, weights: String)
    /// A configuration that differs from the one of the run to resume.
    case differs(option: String, given: String, expected: String, where: String)

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .notPositive(let option, let value):
            "--\(option) must be above 0, not \(value): give a larger number"
        case .negative(let option, let value):
            "--\(option) must be 0 or above, not \(value)"
        case .notAShare(let option, let value):
            "--\(option) must be from 0 (nothing) to below 1, not \(value)"
        case .tooLarge(let option, let value, let limit):
            "--\(option) is \(value), above the limit of \(limit): give a smaller number"
        case .withoutEffect(let option, let remedy):
            "--\(option) has no effect here: \(remedy), or leave it out"
        case .tooManyTimeSteps(let rows, let columns, let sequence):
            "--sequence \(sequence.rawValue) does not fit examples of \(rows)x\(columns): at most "
                + "\(Architecture.timeStepCounts.upperBound) time steps and values per side are possible"
        case .imagesTooSmall(let rows, let columns, let convolutions):
            "--convolution is given \(convolutions) times, but each halves the images of "
                + "\(rows)x\(columns): give it fewer times"
        case .shardsNotPowerOfTwo(let shards):
            "--shards must be a power of two from 1 to 4096, not \(shards): try 16"
        case .batchLargerThanData(let batchSize, let examples):
            "--batch-size \(batchSize) is larger than the data set's \(examples) training examples: "
                + "give at most \(examples)"
        case .stepLargerThanData(let accumulate, let batchSize, let examples):
            "--accumulate \(accumulate) at --batch-size \(batchSize) needs more than the data set's "
                + "\(examples) training examples: give at most --accumulate \(examples / batchSize)"
        case .moreShardsThanExamples(let shards, let examples):
            "--shards \(shards) is more than the data set's \(examples) training examples: "
                + "give fewer shards"
        case .fewerShardsThanLanes(let shards, let workers, let threads):
            // Not their product, which may overflow.
            "--shards \(shards) is fewer than the lanes of \(workers) workers with \(threads) "
                + "threads each: give more shards or fewer workers"
        case .unreadableFile(let path, let reason):
            "\(path) is not a usable configuration: \(reason)"
        case .otherLength(let epochs, let made, let schedule, let weights):
            "--epochs is \(epochs), but the \(schedule.rawValue) schedule of this run was laid out for "
                + "\(made): its steps would have been others; leave the option out to go on with that "
                + "run, or train its weights further in a new --run-dir with --initial-weights "
                + weights
        case .differs(let option, let given, let expected, let place):
            "--\(option) is \(given) but \(place) has \(expected): leave the option out to resume "
                + "that run, or start another in a new --run-dir"
        }
    }
}
