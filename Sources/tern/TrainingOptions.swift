import ArgumentParser
import Datasets
import Monitoring
import NeuralNetwork
import Training

private let defaults = RunConfiguration()

/// The options that `train` and `coordinator` share.
///
/// None has a value of its own: what is left out comes from `--config` or `--resume`, or else is the
/// default.
struct TrainingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data set. (default: \(defaults.training.dataset))"))
    var dataset: NamedDataset?

    @Option(
        help: ArgumentHelp(
            "The folder with the data set's four IDX files, gzipped or raw. (default: "
                + "none, which searches $TERN_MNIST_DIR, then data/mnist; for fashion-mnist the "
                + "Debian package's folder)",
            valueName: "dir"))
    var data: Withdrawable<String>?

    @Option(help: "The recurrent cell. (default: \(defaults.training.cell.rawValue))")
    var cell: Cell?

    @Option(help: "Size of a layer's hidden state. (default: \(defaults.training.hidden))")
    var hidden: Int?

    @Option(help: "Recurrent layers. (default: \(defaults.training.layers))")
    var layers: Int?

    @Option(
        help: """
            Nonlinearity of the rnn cell. (default: \
            \(defaults.training.nonlinearity.rawValue))
            """)
    var nonlinearity: Nonlinearity?

    @Flag(
        inversion: .prefixedNo,
        help: "Read the sequence in both directions. (default: --no-bidirectional)")
    var bidirectional: Bool?

    @Option(
        help: ArgumentHelp(
            "Fraction of a layer's outputs that training drops before the next layer: 0 to below 1. "
                + "(default: \(defaults.training.dropout))", valueName: "share"))
    var dropout: Double?

    @Option(
        help: """
            Outputs that classes are computed from: the last time step's, or their mean. (default: \
            \(defaults.training.readout.rawValue))
            """)
    var readout: Readout?

    @Option(
        help: ArgumentHelp(
            "Add a 3x3 convolution with this many channels, and max-pooling, before the "
                + "recurrent layers; may be repeated. (default: none)", valueName: "channels"))
    var convolution: [Withdrawable<Int>] = []

    @Option(
        help: """
            How to read an image: one row, column or pixel per time step; permuted: pixels in a \
            fixed random order. (default: \(defaults.training.sequence.rawValue))
            """)
    var sequence: SequenceOrder?

    @Option(
        help: """
            Initial weights: uniform as in PyTorch, or identity: copies the state, for rnn with relu. \
            (default: \(defaults.training.initialization.rawValue))
            """)
    var initialization: Initialization?

    @Option(
        help: ArgumentHelp(
            "Start from the weights of a model, a checkpoint, a run's folder, or a state_dict that "
                + "PyTorch saved. They must fit the network. (default: none, which draws them from "
                + "--seed)", valueName: "path"))
    var initialWeights: Withdrawable<String>?

    @Option(help: "Passes over the training data. (default: \(defaults.training.epochs))")
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Global batch size: examples per step, over all workers. (default: "
                + "\(defaults.training.batchSize))", valueName: "examples"))
    var batchSize: Int?

    @Option(
        help: ArgumentHelp(
            "Batches per step: averages their gradients, in the memory of one batch. (default: "
                + "\(defaults.training.accumulate))", valueName: "batches"))
    var accumulate: Int?

    @OptionGroup
    var updates: UpdateOptions

    @Option(
        help: """
            Shards that the data is assigned to: a power of two, at least the number of lanes. (default: \
            \(defaults.training.shards))
            """)
    var shards: Int?

    @Option(
        help: """
            Seed of all random numbers: 0 to 2^64 - 1. (default: \(defaults.training.seed))
            """)
    var seed: UInt64?

    @Option(help: "Compute lanes (threads) of a local worker. (default: \(defaults.threads))")
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Folder for the run's files. (default: runs/TIME-CELL)",
            valueName: "dir"))
    var runDir: String?

    @Option(
        help: ArgumentHelp(
            "Steps between checkpoints, besides one at each epoch's end; 0 for only those. "
                + "(default: \(defaults.checkpointEvery))", valueName: "steps"))
    var checkpointEvery: Int?

    @Option(
        help: ArgumentHelp(
            "Resume the run in this folder from its newest valid checkpoint.",
            valueName: "dir"))
    var resume: String?

    @Option(
        help: ArgumentHelp(
            "Resume the run in this folder, or start it there if there is none yet: for schedulers that "
                + "start the same command again. Until then, workers from elsewhere wait.",
            valueName: "dir"))
    var resumeOrStart: String?

    @Option(
        help: ArgumentHelp(
            "Read settings from a file such as a run's config.json; options override it.",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Write a trace of these steps to trace.json in the run's folder, for Perfetto. (default: "
                + "none)", valueName: "first-last"))
    var trace: TraceOption?

    @Flag(help: "Write the run's numbers for TensorBoard, to tensorboard in the run's folder.")
    var tensorboard = false

    @Option(
        help: ArgumentHelp(
            "Sign the completed run with this Ed25519 key, made by tern key signing or openssl; name it "
                + "again to resume. (default: none)", valueName: "file"))
    var sign: String?

    @Option(
        help: ArgumentHelp(
            "Steps between two step lines in the log. (default: \(defaults.logEvery))",
            valueName: "steps"))
    var logEvery: Int?

    @OptionGroup
    var log: LogOptions

    func validate() throws {
        if resume != nil, config != nil {
            throw ValidationError(
                "--resume uses the run's own settings; leave out --config")
        }
        if resumeOrStart != nil, resume != nil || runDir != nil {
            throw ValidationError(
                "--resume-or-start names the run's folder; leave out --resume and --run-dir")
        }
        if convolution.count > 1, convolution.contains(where: { $0.value == nil }) {
            throw ValidationError("--convolution none is for no convolution at all: give it alone")
        }
        if let resume, let runDir, runDir != resume {
            throw ValidationError(
                "--resume uses the run's own folder; leave out --run-dir")
        }
    }

    /// The options with `--resume` or `--run-dir` in the place of `--resume-or-start`.
    func settled() throws -> TrainingOptions {
        guard let folder = resumeOrStart else { return self }
        var settled = self
        if try RunDirectory.holdsRun(folder) {
            // A run that is resumed keeps the settings that it began with.
            (settled.resume, settled.config) = (folder, nil)
        } else {
            settled.runDir = folder
        }
        return settled
    }

    /// The configuration that the options ask for, on top of that of `--config` or `--resume`.
    func configuration() throws -> RunConfiguration {
        var result = RunConfiguration()
        if let resume {
            result = try RunDirectory.savedConfiguration(in: resume)
        } else if let config {
            result = try RunConfiguration(parsing: Files.read(config), path: config)
            // Another run may have other data.
            result.dataDigest = nil
        }
        var read = result.training
        if let dataset, dataset.rawValue != read.dataset {
            (result.data, result.dataPath) = (nil, nil)
        }
        apply(to: &result.training)
        updates.apply(to: &result.training)
        if let data { (result.data, result.dataPath) = (data.value, nil) }
        if let initialWeights {
            (result.initialWeights, result.initialWeightsPath) = (initialWeights.value, nil)
        }
        if let named = result.initialWeights, result.initialWeightsPath == nil {
            let path = try RunDirectory.weights(at: named)
            result.initialWeights = path
            result.initialWeightsPath = try Files.absolutePath(path)
        }
        if initialWeights != nil {
            result.training.initialWeightsDigest = nil
        }
        try result.settleInitialWeights()
        // Whether it can have other epochs, its checkpoints tell.
        read.epochs = result.training.epochs
        if let resume, let setting = result.training.difference(from: read) {
            throw ConfigurationError.differs(
                option: setting.option, given: setting.value, expected: setting.other,
                where: RunDirectory.configuration(in: resume))
        }
        result.threads = threads ?? result.threads
        result.checkpointEvery = checkpointEvery ?? result.checkpointEvery
        result.logEvery = logEvery ?? result.logEvery
        result.logLevel = try log.level?.rawValue ?? result.logLevel
        return result
    }

    /// The job that a configuration of these options configures, with its data.
    func job(of configuration: RunConfiguration) async throws -> Job {
        try await configuration.job(readFrom: config ?? resume ?? "the configuration")
    }

    private func apply(to training: inout TrainingConfiguration) {
        training.dataset = dataset?.rawValue ?? training.dataset
        training.cell = cell ?? training.cell
        training.hidden = hidden ?? training.hidden
        training.layers = layers ?? training.layers
        training.nonlinearity = nonlinearity ?? training.nonlinearity
        training.bidirectional = bidirectional ?? training.bidirectional
        training.dropout = dropout ?? training.dropout
        training.readout = readout ?? training.readout
        if !convolution.isEmpty { training.convolution = convolution.compactMap(\.value) }
        training.sequence = sequence ?? training.sequence
        training.initialization = initialization ?? training.initialization
        training.epochs = epochs ?? training.epochs
        if let batchSize { training.batchSize = batchSize }
        training.accumulate = accumulate ?? training.accumulate
        if let shards { training.shards = shards }
        training.seed = seed ?? training.seed
    }
}

extension NamedDataset: ExpressibleByArgument {}
extension Cell: ExpressibleByArgument {}
extension Nonlinearity: ExpressibleByArgument {}
extension Readout: ExpressibleByArgument {}
extension SequenceOrder: ExpressibleByArgument {}
extension Initialization: ExpressibleByArgument {}
