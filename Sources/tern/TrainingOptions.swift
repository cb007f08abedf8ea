import ArgumentParser
import Datasets
import Files
import Monitoring
import NeuralNetwork
import Settings
import Training

/// The options that all training commands share.
///
/// None has a default value here: missing options come from `--config` or `--resume`, or else from
/// the configuration's defaults.
struct TrainingOptions: SettingOptions {
    @Option(help: .setting(\.dataset)) var dataset: NamedDataset?
    @Option(help: .setting(\.data)) var data: Withdrawable<String>?
    @Option(help: .setting(\.cell)) var cell: Cell?
    @Option(help: .setting(\.hidden)) var hidden: Int?
    @Option(help: .setting(\.layers)) var layers: Int?
    @Option(help: .setting(\.nonlinearity)) var nonlinearity: Nonlinearity?
    @Flag(inversion: .prefixedNo, help: .setting(\.bidirectional)) var bidirectional: Bool?
    @Option(help: .setting(\.dropout)) var dropout: Double?
    @Option(help: .setting(\.readout)) var readout: Readout?
    @Option(help: .setting(\.convolution)) var convolution: [Withdrawable<Int>] = []
    @Option(help: .setting(\.sequence)) var sequence: SequenceOrder?
    @Option(help: .setting(\.initialization)) var initialization: Initialization?
    @Option(help: .setting(\.initialWeights)) var initialWeights: Withdrawable<String>?
    @Option(help: .setting(\.epochs)) var epochs: Int?
    @Option(help: .setting(\.batchSize)) var batchSize: Int?
    @Option(help: .setting(\.accumulate)) var accumulate: Int?

    @OptionGroup
    var updates: UpdateOptions

    @Option(help: .setting(\.shards)) var shards: Int?
    @Option(help: .setting(\.seed)) var seed: UInt64?
    @Option(help: .setting(\.threads)) var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Folder for the run's files. (default: runs/TIME-CELL)",
            valueName: "dir"))
    var runDir: String?

    @Option(help: .setting(\.checkpointEvery)) var checkpointEvery: Int?

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

    @Option(help: .setting(\.logEvery)) var logEvery: Int?

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

    /// The options with `--resume-or-start` replaced by `--resume` or `--run-dir`.
    func settled() throws -> TrainingOptions {
        guard let folder = resumeOrStart else { return self }
        var settled = self
        if try RunDirectory.holdsRun(folder) {
            // A resumed run keeps its settings.
            (settled.resume, settled.config) = (folder, nil)
        } else {
            settled.runDir = folder
        }
        return settled
    }

    /// The configuration of `--config` or `--resume`, changed by the options.
    func configuration() throws -> RunConfiguration {
        var result = RunConfiguration()
        if let resume {
            result = try RunDirectory.savedConfiguration(in: resume)
        } else if let config {
            result = try RunConfiguration(parsing: Files.read(config), path: config)
            // A new run may have other data.
            result.dataDigest = nil
        }
        var read = result.training
        if let dataset, dataset.rawValue != read.dataset {
            (result.data, result.dataPath) = (nil, nil)
        }
        apply(TrainingConfiguration.table, to: &result.training)
        updates.apply(TrainingConfiguration.table, to: &result.training)
        if let dataset { result.training.dataset = dataset.rawValue }
        if !convolution.isEmpty { result.training.convolution = convolution.compactMap(\.value) }
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
        // The checkpoints determine whether the number of epochs may change.
        read.epochs = result.training.epochs
        if let resume, let setting = result.training.difference(from: read) {
            throw ConfigurationError.differs(
                option: setting.option, given: setting.value, expected: setting.other,
                where: RunDirectory.configuration(in: resume))
        }
        apply(RunConfiguration.table, to: &result)
        result.logLevel = try log.level?.rawValue ?? result.logLevel
        return result
    }

    /// The job of a configuration made from these options, with its data.
    func job(of configuration: RunConfiguration) async throws -> Job {
        try await configuration.job(readFrom: config ?? resume ?? "the configuration")
    }
}

extension NamedDataset: ExpressibleByArgument {}
extension Cell: ExpressibleByArgument {}
extension Nonlinearity: ExpressibleByArgument {}
extension Readout: ExpressibleByArgument {}
extension SequenceOrder: ExpressibleByArgument {}
extension Initialization: ExpressibleByArgument {}
