import FoundationEssentials
import NeuralNetwork
import Optimizers

/// A run's whole configuration: what decides the weights, and how the run is carried out.
///
/// Its JSON form, `config.json`, has one flat object with the options' names in snake case.
public struct RunConfiguration: Equatable, Sendable {
    /// What decides the weights.
    public var training = TrainingConfiguration()
    /// The folder with the data set's files; nil to search for them.
    public var data: String?
    /// The file that the initial weights come from; nil to draw them from the seed.
    public var initialWeights: String?
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
        guard training.initialWeightsSHA256 == nil || initialWeights != nil else {
            throw .withoutEffect(
                option: "initial-weights-sha256", remedy: "name the file with --initial-weights")
        }
        guard checkpointEvery >= 0 else {
            throw .negative(option: "checkpoint-every", value: "\(checkpointEvery)")
        }
        let lanes = (workers ?? 1).multipliedReportingOverflow(by: threads)
        guard !lanes.overflow, lanes.partialValue <= training.shards else {
            throw .fewerShardsThanLanes(
                shards: training.shards, workers: workers ?? 1, threads: threads)
        }
    }

    /// The JSON text of `config.json`.
    public func encoded() -> [UInt8] { Array((jsonText(self, isPretty: true) + "\n").utf8) }

    /// Reads the text of a `config.json`; what it leaves out keeps its default.
    public init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
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
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            return "\"\(key)\" has a value of the wrong kind (\(context.debugDescription))"
        @unknown default:
            return "\(error)"
        }
    }
}

extension RunConfiguration: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, cell, nonlinearity, hidden, layers, epochs, optimizer, schedule, shards, seed
        case bidirectional, dropout, readout, sequence, initialization, convolution
        case data, workers, threads
        case initialWeights = "initial_weights"
        case initialWeightsSHA256 = "initial_weights_sha256"
        case batchSize = "batch_size"
        case learningRate = "learning_rate"
        case clipNorm = "clip_norm"
        case checkpointEvery = "checkpoint_every"
        case logEvery = "log_every"
        case logLevel = "log_level"
    }

    /// Reads the keys that are there; an unknown one is an error, since it would be a typing slip.
    public init(from decoder: any Decoder) throws {
        self.init()
        try Self.refuseUnknownKeys(decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            do {
                return try values.decodeIfPresent(Value.self, forKey: key)
            } catch let error as DecodingError {
                throw error
            } catch {
                // For a number that the type cannot hold, Foundation throws an error of its own,
                // from which it would make that the whole text is not JSON.
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values, debugDescription: "It is no \(Value.self).")
            }
        }
        func read<Value: Decodable>(_ target: inout Value, _ key: CodingKeys) throws {
            target = try value(key) ?? target
        }
        try read(&training.dataset, .dataset)
        try read(&training.cell, .cell)
        try read(&training.nonlinearity, .nonlinearity)
        try read(&training.hidden, .hidden)
        try read(&training.layers, .layers)
        try read(&training.bidirectional, .bidirectional)
        try read(&training.dropout, .dropout)
        try read(&training.readout, .readout)
        try read(&training.sequence, .sequence)
        try read(&training.convolution, .convolution)
        try read(&training.initialization, .initialization)
        try read(&training.epochs, .epochs)
        try read(&training.batchSize, .batchSize)
        try read(&training.learningRate, .learningRate)
        try read(&training.optimizer, .optimizer)
        try read(&training.clipNorm, .clipNorm)
        try read(&training.schedule, .schedule)
        try read(&training.shards, .shards)
        try read(&training.seed, .seed)
        training.initialWeightsSHA256 = try value(.initialWeightsSHA256)
        initialWeights = try value(.initialWeights)
        data = try value(.data)
        workers = try value(.workers)
        try read(&threads, .threads)
        try read(&checkpointEvery, .checkpointEvery)
        try read(&logEvery, .logEvery)
        try read(&logLevel, .logLevel)
    }

    /// Writes every setting, so that the file alone repeats the run.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(training.dataset, forKey: .dataset)
        try values.encode(training.cell, forKey: .cell)
        try values.encode(training.nonlinearity, forKey: .nonlinearity)
        try values.encode(training.hidden, forKey: .hidden)
        try values.encode(training.layers, forKey: .layers)
        try values.encode(training.bidirectional, forKey: .bidirectional)
        try values.encode(training.dropout, forKey: .dropout)
        try values.encode(training.readout, forKey: .readout)
        try values.encode(training.sequence, forKey: .sequence)
        try values.encode(training.convolution, forKey: .convolution)
        try values.encode(training.initialization, forKey: .initialization)
        try values.encode(training.epochs, forKey: .epochs)
        try values.encode(training.batchSize, forKey: .batchSize)
        try values.encode(training.learningRate, forKey: .learningRate)
        try values.encode(training.optimizer, forKey: .optimizer)
        try values.encode(training.clipNorm, forKey: .clipNorm)
        try values.encode(training.schedule, forKey: .schedule)
        try values.encode(training.shards, forKey: .shards)
        try values.encode(training.seed, forKey: .seed)
        try values.encodeIfPresent(training.initialWeightsSHA256, forKey: .initialWeightsSHA256)
        try values.encodeIfPresent(initialWeights, forKey: .initialWeights)
        try values.encodeIfPresent(data, forKey: .data)
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
        let known = CodingKeys.allCases.map(\.rawValue)
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
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
