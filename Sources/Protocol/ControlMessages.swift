import Bounds
import FoundationEssentials

// Control messages have a JSON header, so that people can read them and clients in other languages can
// be written:
//
//     {"tern": 1, "run": "00c3...", "type": "hello", "body": {...}}
//
// They are rare; the two hot messages are in StepHeader.swift.

/// A worker introduces itself.
public struct Hello: Codable, Sendable, Equatable {
    /// The machine's name.
    @PlainName public var host: String
    /// The process.
    @Bounded<ProcessNumber> public var pid: Int
    /// The number of lanes that it computes on.
    @Bounded<LaneCount> public var lanes: Int
    /// The instruction set of its kernels.
    @PlainName public var kernels: String
    /// The secret that identifies it when it reconnects, 32 hexadecimal digits; must never be shown.
    public var identity: String?

    /// A worker's introduction.
    public init(host: String, pid: Int, lanes: Int, kernels: String, identity: String? = nil) {
        _host = PlainName(wrappedValue: host)
        self.pid = pid
        self.lanes = lanes
        _kernels = PlainName(wrappedValue: kernels)
        self.identity = identity
    }
}

/// The coordinator accepts a worker and sends it everything that it needs to know.
public struct Welcome: Codable, Sendable, Equatable {
    /// The network's form as JSON, which the neural network's module decodes.
    public var architecture: String
    /// The number of training examples.
    @Bounded<ExampleCount> public var examples: Int
    /// The number of examples of a step over all workers.
    @Bounded<ExampleCount> public var batchSize: Int
    /// The number of shards of the data set.
    @Bounded<ShardCount> public var shards: Int
    /// The run's seed.
    public var seed: UInt64
    /// The fraction of each training target that is spread evenly over all classes.
    @Bounded<ProperShare> public var labelSmoothing: Double

    /// A description of the run for a worker.
    public init(
        architecture: String, examples: Int, batchSize: Int, shards: Int, seed: UInt64,
        labelSmoothing: Double
    ) {
        self.architecture = architecture
        self.examples = examples
        self.batchSize = batchSize
        self.shards = shards
        self.seed = seed
        self.labelSmoothing = labelSmoothing
    }
}

/// A reason in words: why a worker is refused, why it leaves, or why the run is over.
public struct Notice: Codable, Sendable, Equatable {
    /// The reason, for people to read.
    @PlainText<ReasonLength> public var reason: String

    /// A reason in words.
    public init(reason: String) { self.reason = reason }
}

/// What a worker is doing, and for how long; its answer to a ping.
public struct WorkerStatus: Codable, Sendable, Equatable {
    /// What a worker can be doing.
    public enum Phase: String, Codable, Sendable {
        /// Waiting for something to do.
        case idle
        /// Waiting for the data of shards.
        case fetching
        /// Computing the sums of a step.
        case computing
    }

    /// What it is doing.
    public var phase: Phase
    /// The step that it computes, counted from 0.
    public var step: Int?
    /// For how many seconds it has been doing that.
    @Bounded<Seconds> public var seconds: Double
    /// The worker's clock, in seconds, which places its times on the coordinator's; nil from a worker
    /// that does not send it.
    public var clock: Double?

    /// A worker's status.
    public init(phase: Phase, step: Int?, seconds: Double, clock: Double? = nil) {
        self.phase = phase
        self.step = step
        self.seconds = seconds
        self.clock = clock
    }

    /// Decodes a status; only a worker that computes names a step.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        phase = try values.decode(Phase.self, forKey: .phase)
        step = try values.decodeIfPresent(Bounded<StepNumber>.self, forKey: .step)?.wrappedValue
        _seconds = try values.decode(Bounded<Seconds>.self, forKey: .seconds)
        clock = try values.decodeIfPresent(Bounded<Seconds>.self, forKey: .clock)?.wrappedValue
    }
}

/// A worker requests examples of a shard; the coordinator sends as many as fit a message.
public struct Fetch: Codable, Sendable, Equatable {
    /// The shard.
    @Bounded<ShardNumber> public var shard: Int
    /// The index in the shard of the first requested example.
    @Bounded<ExampleCount> public var first: Int

    /// A request for a shard's examples from `first` on.
    public init(shard: Int, first: Int) {
        self.shard = shard
        self.first = first
    }
}

/// Announces examples of a shard: a payload frame of pixels and one of labels follow.
public struct ShardPart: Codable, Sendable, Equatable {
    /// The shard.
    @Bounded<ShardNumber> public var shard: Int
    /// The index in the shard of the first example.
    @Bounded<ExampleCount> public var first: Int
    /// The number of examples in this message.
    @Bounded<ExampleCount> public var count: Int

    /// The announcement of `count` examples.
    public init(shard: Int, first: Int, count: Int) {
        self.shard = shard
        self.first = first
        self.count = count
    }
}

/// The beginning of every control header.
struct ControlPrefix: Decodable {
    let tern: Int
    let run: String
    let type: String
}

/// A control header as it is sent.
private struct Envelope<Body: Codable>: Codable {
    var tern = protocolVersion
    let run: String
    let type: String
    let body: Body
}

func encodeControl(_ type: String, run: RunID, _ body: some Codable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and integers always encode. An empty header satisfies the type, and every peer drops it.
    let envelope = Envelope(run: run.description, type: type, body: body)
    return (try? encoder.encode(envelope)).map { Array($0) } ?? []
}

func decodeControlPrefix(_ header: [UInt8]) throws(ProtocolError) -> (type: String, run: RunID) {
    guard ControlShape(header).isBounded else {
        throw .malformed("its header is longer or deeper than control headers are")
    }
    guard let prefix = try? JSONDecoder().decode(ControlPrefix.self, from: Data(header)) else {
        throw .malformed("its header is not a control header")
    }
    guard prefix.tern == protocolVersion else { throw .otherVersion(prefix.tern) }
    guard prefix.run.utf8.count == 16, let run = UInt64(prefix.run, radix: 16) else {
        throw .malformed("its run id is no 16 hexadecimal digits")
    }
    return (prefix.type, RunID(run))
}

func decodeControlBody<Body: Codable>(_ header: [UInt8]) throws(ProtocolError) -> Body {
    do {
        return try JSONDecoder().decode(Envelope<Body>.self, from: Data(header)).body
    } catch let error as ProtocolError {
        throw error
    } catch let error as OutOfBounds {
        throw .malformed("\(error)")
    } catch {
        throw .malformed("its body lacks a field or has one of the wrong kind")
    }
}
