import Bounds
import FoundationEssentials
import Glibc
import Logging
import ZeroMQ

/// A line of `events.jsonl`: something that happened in a run, as an object with a stable name and fields.
///
/// A field is left out where the event has nothing to say of it. What each event has,
/// `docs/events.md` lists.
public struct EventLine: Codable, Sendable, Equatable {
    /// When it happened, in seconds since 1970 (UTC).
    public var time: Double
    /// Its name, such as `worker_joined`.
    public var event: String
    /// How urgent it is: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`.
    public var level: String
    /// What a person is told; nil where only programs want to know.
    public var text: String?
    /// The steps made in the run.
    public var step: Int?
    /// The steps of the whole run.
    public var totalSteps: Int?
    /// The epoch, counted from 1.
    public var epoch: Int?
    /// The worker that it is about, as `host:pid` or `credential/host:pid`.
    public var worker: String?
    /// The machine of that worker, or of the process that tells.
    public var host: String?
    /// The process that tells.
    public var pid: Int?
    /// What that number counts in: containers on one machine have numbers of their own.
    public var namespace: String?
    /// Where that worker dials from.
    public var address: String?
    /// The lanes that it computes on.
    public var lanes: Int?
    /// The instruction set of its kernels.
    public var kernels: String?
    /// The workers that are here.
    public var members: Int?
    /// The workers that are needed.
    public var needed: Int?
    /// Shards, in ascending order.
    public var shards: [Int]?
    /// How long something took or has lasted, in seconds.
    public var seconds: Double?
    /// How long it usually takes, in seconds.
    public var usual: Double?
    /// A peer that is no member, as far as it is known.
    public var peer: String?
    /// Why, in words.
    public var reason: String?
    /// Workers that compute what another owes, that are left out, or that were removed.
    public var workers: [String]?
    /// How often it has happened.
    public var times: Int?
    /// A file or folder.
    public var path: String?
    /// A signal, such as `SIGTERM`.
    public var signal: String?
    /// `completed`, `interrupted`, `diverged` or `failed`.
    public var status: String?
    /// The version of Tern.
    public var version: String?
    /// SHA-256 over the parameters at the end of a run.
    public var weights: String?
    /// The process that failed.
    public var failure: ProcessFailure?
    /// What swift-log's callers have added.
    public var metadata: [String: String]?

    /// An event without further fields.
    public init(time: Double, event: String, level: String, text: String? = nil) {
        self.time = time
        self.event = event
        self.level = level
        self.text = text
    }

    /// An event of this moment that this process tells of itself.
    package init(now event: String, _ level: Logger.Level, _ text: String? = nil) {
        self.init(
            time: Date.now.timeIntervalSince1970, event: event, level: level.rawValue, text: text)
        host = Self.ownHost
        pid = Int(getpid())
    }

    /// The name of this machine.
    package static let ownHost = hostName()
    /// What the numbers of this process and its neighbours count in, as `pid:[4026531836]`; nil without `/proc`.
    package static let ownNamespace = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/ns/pid")

    /// How urgent it is.
    var urgency: Logger.Level { Logger.Level(rawValue: level) ?? .info }

    /// The event with `?` for each character of a name or reason that would not show as what it is.
    ///
    /// Names and reasons come from other machines, and readers show them.
    package var plain: EventLine {
        var line = self
        for field: WritableKeyPath<EventLine, String?> in [
            \.text, \.worker, \.peer, \.host, \.namespace, \.address, \.kernels, \.reason, \.path,
        ] { line[keyPath: field] = line[keyPath: field].map { plainText($0) } }
        line.workers = workers?.map { plainText($0) }
        line.failure?.lines = failure?.lines.map { plainText($0) } ?? []
        if let metadata {
            line.metadata = Dictionary(
                metadata.map { (plainText($0), plainText($1)) },
                uniquingKeysWith: { first, _ in first })
        }
        return line
    }
}
