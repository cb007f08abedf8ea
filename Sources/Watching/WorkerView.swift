/// A worker of a run, as the run's files tell of it.
public struct WorkerView: Sendable, Codable, Equatable {
    /// What it does.
    public enum State: String, Sendable, Codable {
        /// It computes sums.
        case here
        /// It is too slow for any share.
        case standby
        /// It is gone.
        case left
    }

    /// Its name, as `host:pid` or `credential/host:pid`.
    public var name: String
    /// Its machine.
    public var host: String
    /// Where it dials from; nil on a local socket.
    public var address: String?
    /// The lanes that it computes on.
    public var lanes = 1
    /// The instruction set of its kernels.
    public var kernels = ""
    /// What it does.
    public var state = State.here
    /// When it joined, in seconds since 1970.
    public var joined: Double
    /// When it left; nil while it is here.
    public var left: Double?
    /// Why it left.
    public var reason: String?
    /// The shards that it holds.
    public var shards = 0
    /// How often it was late.
    public var late = 0
    /// How often its sums were wrong.
    public var strikes = 0
    /// How many of its sums another worker or the coordinator has computed too, and found right.
    public var audits = 0
    /// The seconds from a request to its last answer, in the newest interval that tells of it.
    public var answer: Double?
    /// The part of that in which it was at work, by its own clock.
    public var busy: Double?
    /// How long a step waited for it alone.
    public var lateness: Double?
    /// How long its slowest, its median and its fastest lane computed.
    public var laneTimes: [Double] = []
    /// The bytes sent to it in all intervals that tell of it.
    public var bytesSent = 0
    /// The bytes received from it.
    public var bytesReceived = 0
    /// When it was late, in seconds since 1970; the newest times.
    public var lateTimes: [Double] = []
    /// When its sums were found wrong.
    public var wrongTimes: [Double] = []

    /// A worker that has joined.
    public init(name: String, host: String, joined: Double) {
        self.name = name
        self.host = host
        self.joined = joined
    }
}
