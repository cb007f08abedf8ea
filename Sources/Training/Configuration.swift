import Bounds
import NeuralNetwork
import Optimizers

/// Everything that decides a run's weights, beside the data: the same values give the same bits.
public struct TrainingConfiguration: Codable, Equatable, Sendable {
    /// The data set to look for: `mnist` or `fashion-mnist`.
    public var dataset = "mnist"
    /// The kind of recurrent cell.
    public var cell = Cell.rnn
    /// What the plain RNN cell applies to its sums.
    public var nonlinearity = Nonlinearity.tanh
    /// The values of a layer's hidden state.
    public var hidden = 128
    /// The recurrent layers.
    public var layers = 1
    /// Whether each layer also reads the sequence from its end.
    public var bidirectional = false
    /// The share of a layer's outputs that training drops before the layer above.
    public var dropout = 0.0
    /// Which outputs the classes are read from.
    public var readout = Readout.last
    /// The channels of each convolution before the recurrent layers.
    public var convolution: [Int] = []
    /// How an image is read as a sequence.
    public var sequence = SequenceOrder.rows
    /// Where the initial weights come from.
    public var initialization = Initialization.uniform
    /// The SHA-256 of the file that the initial weights come from instead; nil where they are drawn.
    public var initialWeightsDigest: String?
    /// How often each example is used.
    public var epochs = 10
    /// The examples of one batch over all workers: the global batch size.
    ///
    /// Where nobody has chosen it, a run on fewer examples takes all of them.
    public var batchSize = 128 { didSet { isBatchSizeChosen = true } }
    /// The batches whose gradients one step averages.
    public var accumulate = 1
    /// The share of each training target that is spread evenly over all classes.
    public var labelSmoothing = 0.0
    /// The learning rate, at its highest where a schedule changes it.
    public var learningRate = 0.003
    /// The update rule.
    public var optimizer = OptimizerKind.adam
    /// What sgd and rmsprop keep of their velocity at an update; 0 for no momentum.
    public var momentum = 0.0
    /// Whether sgd looks ahead along its velocity.
    public var nesterov = false
    /// The pull of the parameters to zero: part of the gradient, but for adamw.
    public var weightDecay = 0.0
    /// The largest global norm of an averaged gradient; 0 for no limit.
    public var clipNorm = 0.5
    /// How the learning rate changes over the run.
    public var schedule = ScheduleKind.cosine
    /// The first steps, over which the learning rate rises linearly to its full height.
    public var warmup = 0
    /// The epochs from one fall of the step schedule to the next.
    public var stepEpochs = 1
    /// Factor of the learning rate at each fall of the step schedule.
    public var gamma = 0.7
    /// The shards that the data set is dealt to, a power of two.
    ///
    /// Where nobody has chosen it, a run on fewer examples has fewer.
    public var shards = 16 { didSet { areShardsChosen = true } }
    /// What all random numbers come from.
    public var seed: UInt64 = 0

    private var isBatchSizeChosen = false
    private var areShardsChosen = false

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, cell, nonlinearity, hidden, layers, bidirectional, dropout, readout
        case convolution, sequence, initialization, initialWeightsDigest
        case epochs, batchSize, accumulate, labelSmoothing, learningRate
        case optimizer, momentum, nesterov, weightDecay, clipNorm
        case schedule, warmup, stepEpochs, gamma, shards, seed
    }

    /// The default recipe.
    public init() {}

    /// Reads the settings that are there; what a file leaves out, as an older one may, has its default.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.dataset, into: &dataset)
        try values.read(.cell, into: &cell)
        try values.read(.nonlinearity, into: &nonlinearity)
        try values.read(.hidden, into: &hidden)
        try values.read(.layers, into: &layers)
        try values.read(.bidirectional, into: &bidirectional)
        try values.read(.dropout, into: &dropout)
        try values.read(.readout, into: &readout)
        try values.read(.convolution, into: &convolution)
        try values.read(.sequence, into: &sequence)
        try values.read(.initialization, into: &initialization)
        try values.read(.initialWeightsDigest, into: &initialWeightsDigest)
        try values.read(.epochs, into: &epochs)
        if let batchSize = try values.read(.batchSize, as: Int.self) {
            self.batchSize = batchSize
            // No observer is called in an initializer.
            isBatchSizeChosen = true
        }
        try values.read(.accumulate, into: &accumulate)
        try values.read(.labelSmoothing, into: &labelSmoothing)
        try values.read(.learningRate, into: &learningRate)
        try values.read(.optimizer, into: &optimizer)
        try values.read(.momentum, into: &momentum)
        try values.read(.nesterov, into: &nesterov)
        try values.read(.weightDecay, into: &weightDecay)
        try values.read(.clipNorm, into: &clipNorm)
        try values.read(.schedule, into: &schedule)
        try values.read(.warmup, into: &warmup)
        try values.read(.stepEpochs, into: &stepEpochs)
        try values.read(.gamma, into: &gamma)
        if let shards = try values.read(.shards, as: Int.self) {
            self.shards = shards
            areShardsChosen = true
        }
        try values.read(.seed, into: &seed)
    }

    /// The same for a data set of so many examples: a batch and shards that nobody has chosen fit it.
    public func fitted(toExamples examples: Int) -> Self {
        var fitted = self
        if !isBatchSizeChosen { fitted.batchSize = min(batchSize, max(1, examples)) }
        if !areShardsChosen {
            while fitted.shards > max(1, examples) { fitted.shards /= 2 }
        }
        return fitted
    }

    /// Whether all settings are the same, whether they were chosen or not.
    public static func == (left: Self, right: Self) -> Bool {
        left.difference(from: right) == nil
    }

    /// The settings by the names of their options, for comparison and display.
    public var settings: [(option: String, value: String)] {
        let channels = convolution.map(String.init).joined(separator: " ")
        return [
            ("dataset", dataset), ("cell", cell.rawValue), ("nonlinearity", nonlinearity.rawValue),
            ("hidden", "\(hidden)"), ("layers", "\(layers)"),
            ("bidirectional", "\(bidirectional)"), ("dropout", "\(dropout)"),
            ("readout", readout.rawValue), ("sequence", sequence.rawValue),
            ("convolution", channels.isEmpty ? "none" : channels),
            ("initialization", initialization.rawValue),
            ("initial-weights", initialWeightsDigest ?? "none"), ("epochs", "\(epochs)"),
            ("batch-size", "\(batchSize)"), ("accumulate", "\(accumulate)"),
            ("label-smoothing", "\(labelSmoothing)"), ("learning-rate", "\(learningRate)"),
            ("optimizer", optimizer.rawValue), ("momentum", "\(momentum)"),
            ("nesterov", "\(nesterov)"), ("weight-decay", "\(weightDecay)"),
            ("clip-norm", "\(clipNorm)"), ("schedule", schedule.rawValue),
            ("warmup", "\(warmup)"), ("step-epochs", "\(stepEpochs)"), ("gamma", "\(gamma)"),
            ("shards", "\(shards)"), ("seed", "\(seed)"),
        ]
    }

    /// The first setting in which another configuration differs, and its value here and there.
    public func difference(
        from other: Self
    ) -> (option: String, value: String, other: String)? {
        zip(settings, other.settings).first { $0.value != $1.value }.map {
            ($0.option, $0.value, $1.value)
        }
    }

    /// Checks what can be checked without the data.
    public func validate() throws(ConfigurationError) {
        for (option, value) in [
            ("hidden", hidden), ("layers", layers), ("epochs", epochs), ("batch-size", batchSize),
            ("accumulate", accumulate), ("step-epochs", stepEpochs),
        ] where value < 1 {
            throw .notPositive(option: option, value: "\(value)")
        }
        for (option, value, limit) in [
            ("hidden", hidden, 8192), ("layers", layers, 64), ("epochs", epochs, 1_000_000),
            ("batch-size", batchSize, 1 << 24), ("accumulate", accumulate, 1 << 24),
            ("step-epochs", stepEpochs, 1_000_000),
            ("warmup", warmup, StepNumber.limits.range.upperBound),
        ] where value > limit {
            throw .tooLarge(option: option, value: value, limit: limit)
        }
        guard learningRate > 0, learningRate.isFinite else {
            throw .notPositive(option: "learning-rate", value: "\(learningRate)")
        }
        guard clipNorm >= 0, clipNorm.isFinite else {
            throw .negative(option: "clip-norm", value: "\(clipNorm)")
        }
        try validateUpdates()
        guard (0..<1).contains(dropout) else {
            throw .notAShare(option: "dropout", value: "\(dropout)")
        }
        guard dropout == 0 || layers > 1 else {
            throw .withoutEffect(
                option: "dropout \(dropout)",
                remedy: "dropout works between layers: give --layers 2")
        }
        guard convolution.allSatisfy({ (1...4096).contains($0) }) else {
            throw .notPositive(
                option: "convolution", value: convolution.map(String.init).joined(separator: " "))
        }
        guard convolution.isEmpty || sequence == .rows else {
            throw .withoutEffect(
                option: "sequence \(sequence.rawValue)",
                remedy: "with --convolution, feature maps are read row by row")
        }
        guard initialization != .identity || cell == .rnn else {
            throw .withoutEffect(
                option: "initialization identity", remedy: "it works only with --cell rnn")
        }
        guard initialization == .uniform || initialWeightsDigest == nil else {
            throw .withoutEffect(
                option: "initialization \(initialization.rawValue)",
                remedy: "the weights come from --initial-weights")
        }
        guard shards >= 1, shards <= 4096, shards & (shards - 1) == 0 else {
            throw .shardsNotPowerOfTwo(shards)
        }
    }

    /// Checks what depends on the training examples, images of `rows` x `columns`.
    public func validate(
        examples: Int, rows: Int, columns: Int
    ) throws(ConfigurationError) {
        let (sides, steps) = (Architecture.imageSides, Architecture.timeStepCounts)
        guard sides.contains(rows), sides.contains(columns),
            steps.contains(sequence.timeSteps(rows: rows, columns: columns))
        else {
            throw .tooManyTimeSteps(rows: rows, columns: columns, sequence)
        }
        guard min(rows, columns) >> convolution.count > 0 else {
            throw .imagesTooSmall(rows: rows, columns: columns, convolutions: convolution.count)
        }
        guard batchSize <= examples else {
            throw .batchLargerThanData(batchSize: batchSize, examples: examples)
        }
        guard examplesPerStep <= examples else {
            throw .stepLargerThanData(
                accumulate: accumulate, batchSize: batchSize, examples: examples)
        }
        guard shards <= examples else {
            throw .moreShardsThanExamples(shards: shards, examples: examples)
        }
    }
}

/// A setting that cannot be used.
public enum ConfigurationError: Error, CustomStringConvertible, Equatable {
    /// A number that must be above zero is not.
    case notPositive(option: String, value: String)
    /// A number that must not be below zero is.
    case negative(option: String, value: String)
    /// A share that is not from 0 to below 1.
    case notAShare(option: String, value: String)
    /// A number that no machine could serve.
    case tooLarge(option: String, value: Int, limit: Int)
    /// A setting that does nothing together with the others.
    case withoutEffect(option: String, remedy: String)
    /// Examples that are longer, or wider, than a network could read.
    case tooManyTimeSteps(rows: Int, columns: Int, SequenceOrder)
    /// The convolutions would pool the images away.
    case imagesTooSmall(rows: Int, columns: Int, convolutions: Int)
    /// A number of shards that cannot be added up in a binary tree.
    case shardsNotPowerOfTwo(Int)
    /// A step would need more examples than there are.
    case batchLargerThanData(batchSize: Int, examples: Int)
    /// A step would need more examples than there are.
    case stepLargerThanData(accumulate: Int, batchSize: Int, examples: Int)
    /// Some shards would stay empty.
    case moreShardsThanExamples(shards: Int, examples: Int)
    /// Some lanes would have nothing to do.
    case fewerShardsThanLanes(shards: Int, workers: Int, threads: Int)
    /// A configuration file that cannot be understood.
    case unreadableFile(path: String, reason: String)
    /// A run cannot be made longer, or shorter, without changing the steps that it has made.
    case otherLength(epochs: Int, made: Int, schedule: ScheduleKind, weights: String)
    /// A configuration that differs from that of the run to resume.
    case differs(option: String, given: String, expected: String, where: String)

    /// One line that says what is wrong and what to do.
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
            // No product of the two: it may be more than an integer holds.
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
