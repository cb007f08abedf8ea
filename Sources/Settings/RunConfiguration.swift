import Bounds
import Files
import FoundationEssentials
import NeuralNetwork
import Optimizers

/// A run's whole configuration: what decides the weights, and how the run is executed.
///
/// Its JSON form, `config.json`, is one flat object with the options' names in snake case.
public struct RunConfiguration: Equatable, Sendable {
    /// The settings that decide the weights.
    public var training = TrainingConfiguration()
    /// The folder with the data set's files, as the user gave it; nil to search for them.
    public var data: String?
    /// The absolute path of the folder where the files were found; nil before they are read.
    public var dataPath: String?
    /// The digest that identifies the run's data set; nil before the data are read, and in files of older
    /// versions.
    public var dataDigest: String?
    /// The file of the initial weights, as the user gave it; nil to draw them from the seed.
    public var initialWeights: String?
    /// The absolute path of that file; nil if only ``initialWeights`` is known.
    public var initialWeightsPath: String?
    /// The local worker processes; nil for one per core.
    public var workers: Int?
    /// The lanes of each worker.
    public var threads = 1
    /// The steps between checkpoints; 0 for checkpoints only at the end of an epoch.
    public var checkpointEvery = 0
    /// The steps between step lines in the log.
    public var logEvery = 100
    /// The lowest level that is logged.
    public var logLevel = "info"

    /// All settings except those of ``training``.
    package static let table: [Setting<Self>] = [
        Setting(
            optional: "initialWeights", \.initialWeights,
            """
            Start from the weights of a model, a checkpoint, a run's folder, or a state_dict that \
            PyTorch saved. They must fit the network.
            """,
            unit: "path", default: "none, which draws them from --seed"),
        Setting(optional: "initialWeightsPath", \.initialWeightsPath),
        Setting(
            optional: "data", \.data,
            "The folder with the data set's four IDX files, gzipped or raw.",
            unit: "dir",
            default: """
                none, which searches $TERN_MNIST_DIR, then data/mnist; for fashion-mnist the \
                Debian package's folder
                """),
        Setting(optional: "dataPath", \.dataPath),
        Setting(optional: "dataDigest", \.dataDigest),
        Setting(
            optional: "workers", \.workers, in: .from1(to: ShardCount.limits.range.upperBound),
            "Worker processes.",
            default: "none, which means one for each core and thread, at most --shards"),
        Setting(
            "threads", \.threads, in: .from1(to: LaneCount.limits.range.upperBound),
            "Compute lanes (threads) of a local worker."),
        Setting(
            "checkpointEvery", \.checkpointEvery,
            in: .from0(to: StepNumber.limits.range.upperBound),
            "Steps between checkpoints, besides one at each epoch's end; 0 for only those.",
            unit: "steps"),
        Setting(
            "logEvery", \.logEvery, in: .from1(to: StepNumber.limits.range.upperBound),
            "Steps between two step lines in the log.", unit: "steps"),
        Setting("logLevel", \.logLevel, "Lowest level that is logged."),
    ]

    /// The defaults.
    public init() {}

    /// Checks what can be checked without the data.
    public func validate() throws(ConfigurationError) {
        try training.validate()
        for setting in Self.table { try setting.check(self) }
        guard training.initialWeightsDigest == nil || initialWeights != nil else {
            throw .withoutEffect(
                option: "initial-weights-sha256", remedy: "name the file with --initial-weights")
        }
        guard (workers ?? 1) * threads <= training.shards else {
            throw .fewerShardsThanLanes(
                shards: training.shards, workers: workers ?? 1, threads: threads)
        }
    }

    /// The JSON text of `config.json`.
    public func encoded() -> [UInt8] {
        Array((jsonText(self, isPretty: true, isSnakeCase: true) + "\n").utf8)
    }

    /// Reads the text of a `config.json`; missing keys keep their defaults.
    public init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(Self.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw .unreadableFile(path: path, reason: Self.explain(error))
        } catch {
            throw .unreadableFile(path: path, reason: "\(error)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context), .keyNotFound(_, let context):
            guard !context.codingPath.isEmpty else { return "it is not a JSON object" }
            let key = context.codingPath.map { snakeCase($0.stringValue) }.joined(separator: ".")
            return "\"\(key)\" has a value of the wrong kind (\(context.debugDescription))"
        @unknown default:
            return "\(error)"
        }
    }
}

extension RunConfiguration: Codable {
    /// Reads the keys present; an unknown one is an error, because it is probably a typo.
    public init(from decoder: any Decoder) throws {
        self.init()
        let source = try decoder.container(keyedBy: SettingKey.self)
        try Self.refuseUnknownKeys(source)
        training = try TrainingConfiguration(from: decoder)
        for setting in Self.table { try setting.read(from: source, into: &self) }
    }

    /// Writes every setting, so that the file alone reproduces the run.
    public func encode(to encoder: any Encoder) throws {
        try training.encode(to: encoder)
        var target = encoder.container(keyedBy: SettingKey.self)
        for setting in Self.table { try setting.write(self, to: &target) }
    }

    private static func refuseUnknownKeys(
        _ source: KeyedDecodingContainer<SettingKey>
    ) throws {
        let names = table.map(\.name) + TrainingConfiguration.table.map(\.name)
        let known = names.map(snakeCase)
        let given = source.allKeys.map { snakeCase($0.stringValue) }
        guard let unknown = given.sorted().first(where: { !known.contains($0) }) else { return }
        throw UnknownSetting(name: unknown, known: known.sorted())
    }

    private struct UnknownSetting: Error, CustomStringConvertible {
        let name: String
        let known: [String]
        var description: String {
            "it has an unknown setting \"\(name)\"; the settings are "
                + known.joined(separator: ", ")
        }
    }
}

/// A property's name as `config.json` writes it, such as `batch_size` for `batchSize`.
private func snakeCase(_ name: String) -> String {
    name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}
