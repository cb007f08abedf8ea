import Bounds
import Files
import FoundationEssentials

/// A host's properties and its routes to the coordinator: `tern probe` prints them as a line of
/// JSON.
public struct HostProbe: Codable, Equatable, Sendable {
    /// The version of Tern.
    @PlainName public var version: String
    /// The version of the protocol between coordinator and workers.
    public var protocolVersion: Int
    /// The host's own name.
    @PlainName public var host: String
    /// The architecture, as `uname -m` prints it.
    @PlainName public var architecture: String
    /// The processor's model.
    @PlainText<ReasonLength> public var processor: String
    /// The processors that a worker may run on.
    @Bounded<LaneCount> public var processors: Int
    /// How fast a lane computes, or why it cannot.
    public var lane: Finding<LaneRate>
    /// The bytes of memory available to a worker.
    @Bounded<ByteCount> public var memory: Int
    /// The bytes that are free in the folder for Tern's files.
    @Bounded<ByteCount> public var folderSpace: Int
    /// The bytes that are free in the folder for temporary files.
    @Bounded<ByteCount> public var temporarySpace: Int
    /// The host's clock at the end of the probe, in seconds since 1970.
    @Bounded<Moment> public var clock: Double
    /// The routes to the endpoints, in the order of the arguments.
    public var routes: [Route]

    /// A probe's results.
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

    /// Reads a line that a host printed; nil if it is invalid or a number is out of range.
    public init?(parsing line: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let probe = try? decoder.decode(Self.self, from: Data(line.utf8)) else { return nil }
        self = probe
    }

    /// The line of JSON.
    public var line: String { jsonText(self, isSnakeCase: true) }
}

/// A result, or the reason why there is none.
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

    /// Writes the result or the reason.
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

/// How fast each lane of a host computes while all lanes compute.
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

/// The route from a host to an endpoint of the coordinator.
public struct Route: Codable, Equatable, Sendable {
    /// The endpoint, as given.
    @PlainText<ReasonLength> public var endpoint: String
    /// How fast the route is, or why it does not reach the endpoint.
    public var speed: Finding<RouteSpeed>

    /// A route with its result.
    public init(endpoint: String, speed: Finding<RouteSpeed>) {
        self.endpoint = endpoint
        self.speed = speed
    }
}

/// How fast a route is.
public struct RouteSpeed: Codable, Equatable, Sendable {
    /// The median of several round trips, in seconds.
    @Bounded<Seconds> public var roundTrip: Double
    /// The route's bandwidth; nil if not measured.
    public var bandwidth: Bandwidth?

    /// A measured speed.
    public init(roundTrip: Double, bandwidth: Bandwidth? = nil) {
        self.roundTrip = roundTrip
        self.bandwidth = bandwidth
    }
}

/// A route's bandwidth in bytes a second, while other hosts may share parts of the route.
public struct Bandwidth: Codable, Equatable, Sendable {
    /// From the host to the coordinator.
    @Bounded<Rate> public var upload: Double
    /// From all hosts to the coordinator at that time: a lower bound of the coordinator's own link.
    @Bounded<Rate> public var uploadOfAll: Double
    /// From the coordinator to the host.
    @Bounded<Rate> public var download: Double

    /// Measured rates.
    public init(upload: Double, uploadOfAll: Double, download: Double) {
        self.upload = upload
        self.uploadOfAll = uploadOfAll
        self.download = download
    }
}
