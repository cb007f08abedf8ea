import Bounds
import NeuralNetwork
import Optimizers

/// Everything besides the data that decides a run's weights: equal values give equal bits.
public struct TrainingConfiguration: Equatable, Sendable {
    /// The data set: `mnist` or `fashion-mnist`.
    public var dataset = "mnist"
    /// The kind of recurrent cell.
    public var cell = Cell.rnn
    /// The nonlinearity of the plain RNN cell.
    public var nonlinearity = Nonlinearity.tanh
    /// The size of a layer's hidden state.
    public var hidden = 128
    /// The number of recurrent layers.
    public var layers = 1
    /// Whether each layer also reads the sequence backwards.
    public var bidirectional = false
    /// The fraction of a layer's outputs that training drops before the next layer.
    public var dropout = 0.0
    /// The outputs that the classifier reads.
    public var readout = Readout.last
    /// The channels of each convolution before the recurrent layers.
    public var convolution: [Int] = []
    /// How an image is read as a sequence.
    public var sequence = SequenceOrder.rows
    /// Where the initial weights come from.
    public var initialization = Initialization.uniform
    /// The SHA-256 of the file of initial weights; nil if they are drawn.
    public var initialWeightsDigest: String?
    /// The number of passes over the data.
    public var epochs = 10
    /// The number of examples in a batch over all workers: the global batch size.
    ///
    /// Unless it was chosen, a run on fewer examples takes all of them.
    public var batchSize = 128 { didSet { isBatchSizeChosen = true } }
    /// The number of batches whose gradients a step averages.
    public var accumulate = 1
    /// The fraction of each training target that is spread evenly over all classes.
    public var labelSmoothing = 0.0
    /// The learning rate, at its highest if a schedule changes it.
    public var learningRate = 0.003
    /// The update rule.
    public var optimizer = OptimizerKind.adam
    /// The fraction of their velocity that sgd and rmsprop keep per update; 0 for no momentum.
    public var momentum = 0.0
    /// Whether sgd uses Nesterov momentum.
    public var nesterov = false
    /// The weight decay: part of the gradient, except with adamw, where it is decoupled.
    public var weightDecay = 0.0
    /// The largest global norm of the averaged gradient; 0 for no limit.
    public var clipNorm = 0.5
    /// How the learning rate changes over the run.
    public var schedule = ScheduleKind.cosine
    /// The number of first steps over which the learning rate rises linearly to its full value.
    public var warmup = 0
    /// The number of epochs between drops of the step schedule.
    public var stepEpochs = 1
    /// The factor of the learning rate at each drop of the step schedule.
    public var gamma = 0.7
    /// The number of shards that the data set is split into, a power of two.
    ///
    /// Unless it was chosen, a run on fewer examples has fewer.
    public var shards = 16 { didSet { areShardsChosen = true } }
    /// The seed of all random numbers.
    public var seed: UInt64 = 0

    private var isBatchSizeChosen = false
    private var areShardsChosen = false

    /// All settings, in the order in which they are shown.
    package static let table: [Setting<Self>] = [
        Setting("dataset", \.dataset, "The data set."),
        Setting("cell", \.cell, "The recurrent cell."),
        Setting("nonlinearity", \.nonlinearity, "Nonlinearity of the rnn cell."),
        Setting("hidden", \.hidden, in: .from1(to: 8192), "Size of a layer's hidden state."),
        Setting("layers", \.layers, in: .from1(to: 64), "Recurrent layers."),
        Setting(
            "bidirectional", \.bidirectional, "Read the sequence in both directions.",
            default: "--no-bidirectional"),
        Setting(
            "dropout", \.dropout, in: .share,
            "Fraction of a layer's outputs that training drops before the next layer: 0 to below 1.",
            unit: "share"),
        Setting(
            "readout", \.readout,
            "Outputs that classes are computed from: the last time step's, or their mean."),
        Setting(
            "sequence", \.sequence,
            """
            How to read an image: one row, column or pixel per time step; permuted: pixels in a \
            fixed random order.
            """),
        Setting(
            "convolution", \.convolution, in: .each(from1To: 4096),
            """
            Add a 3x3 convolution with this many channels, and max-pooling, before the recurrent \
            layers; may be repeated.
            """, unit: "channels"),
        Setting(
            "initialization", \.initialization,
            """
            Initial weights: uniform as in PyTorch, or identity: copies the state, for rnn with \
            relu.
            """),
        Setting(
            optional: "initialWeightsDigest", \.initialWeightsDigest, option: "initial-weights"),
        Setting("epochs", \.epochs, in: .from1(to: 1_000_000), "Passes over the training data."),
        Setting(
            "batchSize", \.batchSize, in: .from1(to: 1 << 24),
            "Global batch size: examples per step, over all workers.", unit: "examples"),
        Setting(
            "accumulate", \.accumulate, in: .from1(to: 1 << 24),
            "Batches per step: averages their gradients, in the memory of one batch.",
            unit: "batches"),
        Setting(
            "labelSmoothing", \.labelSmoothing, in: .share,
            """
            Fraction of each training target that is spread evenly over all classes: 0 to below 1; \
            tests are not smoothed.
            """, unit: "share"),
        Setting(
            "learningRate", \.learningRate, in: .above0, "Highest learning rate of the schedule.",
            unit: "rate"),
        Setting("optimizer", \.optimizer, "Update rule."),
        Setting(
            "momentum", \.momentum, in: .share,
            "Fraction of the velocity that sgd and rmsprop keep at each step: 0 to below 1."),
        Setting(
            "nesterov", \.nesterov, "Use Nesterov momentum with sgd.", default: "--no-nesterov"),
        Setting(
            "weightDecay", \.weightDecay, in: .from0,
            """
            Weight decay: adds this times the weights to the gradient. adamw shrinks the weights by \
            this times the rate instead; PyTorch's default there is 0.01.
            """, unit: "decay"),
        Setting(
            "clipNorm", \.clipNorm, in: .from0,
            "Largest global norm of the averaged gradient; 0 for no limit.", unit: "norm"),
        Setting(
            "schedule", \.schedule,
            "Schedule of the learning rate: cosine falls to 0, step falls at the end of epochs."),
        Setting(
            "warmup", \.warmup, in: .from0(to: StepNumber.limits.range.upperBound),
            "First steps, over which the learning rate rises linearly to its full value.",
            unit: "steps"),
        Setting(
            "stepEpochs", \.stepEpochs, in: .from1(to: 1_000_000),
            "Epochs between two falls of the step schedule.", unit: "epochs"),
        Setting(
            "gamma", \.gamma, in: .above0,
            "Factor of the learning rate at each fall of the step schedule.", unit: "factor"),
        Setting(
            "shards", \.shards, in: .shards,
            "Shards that the data is assigned to: a power of two, at least the number of lanes."),
        Setting("seed", \.seed, "Seed of all random numbers: 0 to 2^64 - 1."),
    ]

    /// The default recipe.
    public init() {}

    /// The same configuration for a data set of `examples`: a batch and shards that were not chosen shrink to fit.
    public func fitted(toExamples examples: Int) -> Self {
        var fitted = self
        if !isBatchSizeChosen { fitted.batchSize = min(batchSize, max(1, examples)) }
        if !areShardsChosen {
            while fitted.shards > max(1, examples) { fitted.shards /= 2 }
        }
        return fitted
    }

    /// Whether all settings are equal, whether they were chosen or are defaults.
    public static func == (left: Self, right: Self) -> Bool {
        left.difference(from: right) == nil
    }

    /// The settings by option name, for comparison and display.
    public var settings: [(option: String, value: String)] {
        Self.table.map { ($0.option, $0.text(in: self)) }
    }

    /// The first setting that differs from another configuration, with both values.
    public func difference(
        from other: Self
    ) -> (option: String, value: String, other: String)? {
        zip(settings, other.settings).first { $0.value != $1.value }.map {
            ($0.option, $0.value, $1.value)
        }
    }

    /// Checks what can be checked without the data.
    public func validate() throws(ConfigurationError) {
        for setting in Self.table { try setting.check(self) }
        for rule in rules where rule.isGiven && !rule.hasEffect {
            throw .withoutEffect(option: rule.option, remedy: rule.remedy)
        }
    }

    /// The other settings that each setting needs to have an effect.
    private var rules: [(option: String, isGiven: Bool, hasEffect: Bool, remedy: String)] {
        let defaults = Self()
        let hasMomentum = optimizer == .sgd || optimizer == .rmsprop
        let hasSteps = schedule == .step
        return [
            ("momentum", momentum > 0, hasMomentum, "give --optimizer sgd or rmsprop"),
            ("nesterov", nesterov, optimizer == .sgd, "give --optimizer sgd"),
            ("nesterov", nesterov, momentum > 0, "give --momentum above 0"),
            ("step-epochs", stepEpochs != defaults.stepEpochs, hasSteps, "give --schedule step"),
            ("gamma", gamma != defaults.gamma, hasSteps, "give --schedule step"),
            (
                "dropout \(dropout)", dropout > 0, layers > 1,
                "dropout works between layers: give --layers 2"
            ),
            (
                "sequence \(sequence.rawValue)", sequence != .rows, convolution.isEmpty,
                "with --convolution, feature maps are read row by row"
            ),
            (
                "initialization identity", initialization == .identity, cell == .rnn,
                "it works only with --cell rnn"
            ),
            (
                "initialization \(initialization.rawValue)", initialization != .uniform,
                initialWeightsDigest == nil, "the weights come from --initial-weights"
            ),
        ]
    }

    /// Checks the settings that depend on the training examples, which are images of `rows` x `columns`.
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

extension TrainingConfiguration: Codable {
    /// Reads the settings present; a missing one, as in an older file, gets its default.
    public init(from decoder: any Decoder) throws {
        self.init()
        let source = try decoder.container(keyedBy: SettingKey.self)
        for setting in Self.table { try setting.read(from: source, into: &self) }
    }

    /// Writes every setting.
    public func encode(to encoder: any Encoder) throws {
        var target = encoder.container(keyedBy: SettingKey.self)
        for setting in Self.table { try setting.write(self, to: &target) }
    }
}
