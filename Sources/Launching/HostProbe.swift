import Bounds
import FoundationEssentials
import Training

/// What a host is like, and its way to the coordinator: what `tern probe` prints there as one line of JSON.
public struct HostProbe: Codable, Equatable, Sendable {
    /// The version of Tern.
    @PlainName public var version: String
    /// The version of what coordinator and workers say to each other.
    public var protocolVersion: Int
    /// The host's own name.
    @PlainName public var host: String
    /// The architecture, as `uname -m` says it.
    @PlainName public var architecture: String
    /// The processor's model.
    @PlainText<ReasonLength> public var processor: String
    /// The processors that a worker may run on.
    @Bounded<LaneCount> public var processors: Int
    /// How fast a lane computes, or why none can.
    public var lane: Finding<LaneRate>
    /// The bytes of memory that a worker may still take.
    @Bounded<ByteCount> public var memory: Int
    /// The bytes that are free where Tern's files go.
    @Bounded<ByteCount> public var folderSpace: Int
    /// The bytes that are free where temporary files go.
    @Bounded<ByteCount> public var temporarySpace: Int
    /// What the host's clock showed when all was measured, in seconds since 1970.
    @Bounded<Moment> public var clock: Double
    /// The ways to the endpoints, in the order in which they were named.
    public var routes: [Route]

    /// What was found.
    public init(
        version: String, protocolVersion: Int, host: String, architecture: String,
        processor: String, processors: Int, lane: Finding<LaneRate>, memory: Int,
        folderSpace: Int, temporarySpace: Int, clock: Double, routes: [Route]
    ) {
        _version = PlainName(wrappedValue: version)
        self.protocolVersion = protocolVersion
        _host = PlainName(wrappedValue: host)
        _architecture = PlainName(wrappedValue: architecture)
        self.processor = processor
        self.processors = processors
        self.lane = lane
        self.memory = memory
        self.folderSpace = folderSpace
        self.temporarySpace = temporarySpace
        self.clock = clock
        self.routes = routes
    }

    /// Reads a line that a host has printed; nil for anything else, or a number beyond its limits.
    public init?(parsing line: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let probe = try? decoder.decode(Self.self, from: Data(line.utf8)) else { return nil }
        self = probe
    }

    /// The line of JSON.
    public var line: String { jsonText(self, isSnakeCase: true) }
}

/// What was found out, or in words why it was not.
public enum Finding<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    /// The result.
    case found(Value)
    /// The reason, for people.
    case failed(String)

    private enum CodingKeys: CodingKey { case found, failed }

    /// Reads a result or a reason.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let reason = try values.decodeIfPresent(PlainText<ReasonLength>.self, forKey: .failed) {
            self = .failed(reason.wrappedValue)
        } else {
            self = .found(try values.decode(Value.self, forKey: .found))
        }
    }

    /// Writes the one that there is.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .found(let value): try values.encode(value, forKey: .found)
        case .failed(let reason):
            try values.encode(PlainText<ReasonLength>(wrappedValue: reason), forKey: .failed)
        }
    }

    /// The result, if there is one.
    public var value: Value? { if case .found(let value) = self { value } else { nil } }
}

/// How fast each lane of a host computes while all of them do.
public struct LaneRate: Codable, Equatable, Sendable {
    /// The instruction set of the kernels.
    @PlainName public var kernels: String
    /// The operations a second of one lane, as `Architecture.operations` counts them.
    @Bounded<Rate> public var operationsPerSecond: Double

    /// A rate with these kernels.
    public init(kernels: String, operationsPerSecond: Double) {
        _kernels = PlainName(wrappedValue: kernels)
        self.operationsPerSecond = operationsPerSecond
    }
}

/// The way from a host to an endpoint of the coordinator.
public struct Route: Codable, Equatable, Sendable {
    /// The endpoint, as it was named.
    @PlainText<ReasonLength> public var endpoint: String
    /// How fast the way is, or why it does not lead there.
    public var speed: Finding<RouteSpeed>

    /// What was found of the way to an endpoint.
    public init(endpoint: String, speed: Finding<RouteSpeed>) {
        self.endpoint = endpoint
        self.speed = speed
    }
}

/// How fast a way is.
public struct RouteSpeed: Codable, Equatable, Sendable {
    /// The seconds from a byte that is sent to the answer, the median of some.
    @Bounded<Seconds> public var roundTrip: Double
    /// What the way carries; nil where it was not measured.
    public var bandwidth: Bandwidth?

    /// A speed that was measured.
    public init(roundTrip: Double, bandwidth: Bandwidth? = nil) {
        self.roundTrip = roundTrip
        self.bandwidth = bandwidth
    }
}

/// What a way carries, in bytes a second, while other hosts may use parts of it too.
public struct Bandwidth: Codable, Equatable, Sendable {
    /// From the host to the coordinator.
    @Bounded<Rate> public var upload: Double
    /// From all hosts to the coordinator at that time: what the coordinator's own link carries at least.
    @Bounded<Rate> public var uploadOfAll: Double
    /// From the coordinator to the host.
    @Bounded<Rate> public var download: Double

    /// Rates that were measured.
    public init(upload: Double, uploadOfAll: Double, download: Double) {
        self.upload = upload
        self.uploadOfAll = uploadOfAll
        self.download = download
    }
}
