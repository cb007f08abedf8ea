import Bounds
import Files
import FoundationEssentials
import NeuralNetwork
import Optimizers

/// A run's whole configuration: what decides the weights, and how the run is carried out.
///
/// Its JSON form, `config.json`, has one flat object with the options' names in snake case.
public struct RunConfiguration: Equatable, Sendable {
    /// What decides the weights.
    public var training = TrainingConfiguration()
    /// The folder with the data set's files, as it was named; nil to search for them.
    public var data: String?
    /// The absolute path of the folder where the files were found; nil before they are read.
    public var dataPath: String?
    /// What tells the run's data set from others; nil before the data are read, and in what older
    /// versions wrote.
    public var dataDigest: String?
    /// The file that the initial weights come from, as it was named; nil to draw them from the seed.
    public var initialWeights: String?
    /// The absolute path of that file; nil where only ``initialWeights`` tells.
    public var initialWeightsPath: String?
    /// The local worker processes; nil for as many as the machine has cores.
    public var workers: Int?
    /// The lanes of a worker.
    public var threads = 1
    /// The steps between checkpoints; 0 for those at an epoch's end alone.
    public var checkpointEvery = 0
    /// The steps between step lines in the log.
    public var logEvery = 100
    /// The least urgent level that is logged.
    public var logLevel = "info"

    /// Every setting beside those of ``training``.
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

    /// Reads the text of a `config.json`; what it leaves out keeps its default.
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
    /// Reads the keys that are there; an unknown one is an error, since it would be a typing slip.
    public init(from decoder: any Decoder) throws {
        self.init()
        let source = try decoder.container(keyedBy: SettingKey.self)
        try Self.refuseUnknownKeys(source)
        training = try TrainingConfiguration(from: decoder)
        for setting in Self.table { try setting.read(from: source, into: &self) }
    }

    /// Writes every setting, so that the file alone repeats the run.
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
