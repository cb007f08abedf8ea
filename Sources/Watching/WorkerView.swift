/// A worker of a run, according to the run's files.
public struct WorkerView: Sendable, Codable, Equatable {
    /// A worker's state.
    public enum State: String, Sendable, Codable {
        /// It computes sums.
        case here
        /// It is too slow for any shard.
        case standby
        /// It is gone.
        case left
    }

    /// Its name, as `host:pid` or `credential/host:pid`.
    public var name: String
    /// Its machine.
    public var host: String
    /// The address that it connects from; nil for a local socket.
    public var address: String?
    /// The number of lanes.
    public var lanes = 1
    /// The instruction set of its kernels.
    public var kernels = ""
    /// Its state.
    public var state = State.here
    /// When it joined, in seconds since 1970.
    public var joined: Double
    /// When it left; nil while it is a member.
    public var left: Double?
    /// Why it left.
    public var reason: String?
    /// The number of its shards.
    public var shards = 0
    /// How often it was late.
    public var late = 0
    /// How often its sums were wrong.
    public var strikes = 0
    /// How many of its sums were recomputed by another worker or the coordinator and confirmed.
    public var audits = 0
    /// The seconds from a request to its last answer, in the newest interval with data.
    public var answer: Double?
    /// The part of that time in which it computed, by its own clock.
    public var busy: Double?
    /// How long a step waited for it alone.
    public var lateness: Double?
    /// The computation times of its slowest, median and fastest lane.
    public var laneTimes: [Double] = []
    /// The bytes sent to it in all intervals with data.
    public var bytesSent = 0
    /// The bytes received from it.
    public var bytesReceived = 0
    /// The newest times at which it was late, in seconds since 1970.
    public var lateTimes: [Double] = []
    /// The newest times at which its sums were found wrong.
    public var wrongTimes: [Double] = []

    /// A worker that has joined.
    public init(name: String, host: String, joined: Double) {
        self.name = name
        self.host = host
        self.joined = joined
    }
}
