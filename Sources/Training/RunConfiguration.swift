import Bounds
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

    /// The defaults.
    public init() {}

    /// Checks what can be checked without the data.
    public func validate() throws(ConfigurationError) {
        try training.validate()
        for (option, value) in [
            ("workers", workers ?? 1), ("threads", threads), ("log-every", logEvery),
        ] where value < 1 {
            throw .notPositive(option: option, value: "\(value)")
        }
        guard training.initialWeightsDigest == nil || initialWeights != nil else {
            throw .withoutEffect(
                option: "initial-weights-sha256", remedy: "name the file with --initial-weights")
        }
        guard checkpointEvery >= 0 else {
            throw .negative(option: "checkpoint-every", value: "\(checkpointEvery)")
        }
        for (option, value, limit) in [
            ("workers", workers ?? 1, ShardCount.limits.range.upperBound),
            ("threads", threads, LaneCount.limits.range.upperBound),
            ("checkpoint-every", checkpointEvery, StepNumber.limits.range.upperBound),
            ("log-every", logEvery, StepNumber.limits.range.upperBound),
        ] where value > limit {
            throw .tooLarge(option: option, value: value, limit: limit)
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
    enum CodingKeys: String, CodingKey, CaseIterable {
        case data, dataPath, dataDigest, initialWeights, initialWeightsPath
        case workers, threads, checkpointEvery, logEvery, logLevel
    }

    /// Reads the keys that are there; an unknown one is an error, since it would be a typing slip.
    public init(from decoder: any Decoder) throws {
        self.init()
        try Self.refuseUnknownKeys(decoder)
        training = try TrainingConfiguration(from: decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.data, into: &data)
        try values.read(.dataPath, into: &dataPath)
        try values.read(.dataDigest, into: &dataDigest)
        try values.read(.initialWeights, into: &initialWeights)
        try values.read(.initialWeightsPath, into: &initialWeightsPath)
        try values.read(.workers, into: &workers)
        try values.read(.threads, into: &threads)
        try values.read(.checkpointEvery, into: &checkpointEvery)
        try values.read(.logEvery, into: &logEvery)
        try values.read(.logLevel, into: &logLevel)
    }

    /// Writes every setting, so that the file alone repeats the run.
    public func encode(to encoder: any Encoder) throws {
        try training.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(initialWeights, forKey: .initialWeights)
        try values.encodeIfPresent(initialWeightsPath, forKey: .initialWeightsPath)
        try values.encodeIfPresent(data, forKey: .data)
        try values.encodeIfPresent(dataPath, forKey: .dataPath)
        try values.encodeIfPresent(dataDigest, forKey: .dataDigest)
        try values.encodeIfPresent(workers, forKey: .workers)
        try values.encode(threads, forKey: .threads)
        try values.encode(checkpointEvery, forKey: .checkpointEvery)
        try values.encode(logEvery, forKey: .logEvery)
        try values.encode(logLevel, forKey: .logLevel)
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static func refuseUnknownKeys(_ decoder: any Decoder) throws {
        let names =
            CodingKeys.allCases.map(\.rawValue)
            + TrainingConfiguration.CodingKeys.allCases.map(\.rawValue)
        let known = names.map(snakeCase)
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys
            .map { snakeCase($0.stringValue) }
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
