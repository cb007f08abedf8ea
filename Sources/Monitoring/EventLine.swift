import Bounds
import FoundationEssentials
import Glibc
import Logging
import ZeroMQ

/// A line of `events.jsonl`: an event of a run as an object with a stable name and fields.
///
/// A field is left out if it does not apply. `docs/events.md` lists each event's fields.
public struct EventLine: Codable, Sendable, Equatable {
    /// When it happened, in seconds since 1970 (UTC).
    public var time: Double
    /// Its name, such as `worker_joined`.
    public var event: String
    /// How urgent it is: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`.
    public var level: String
    /// The message for people; nil for events that only programs need.
    public var text: String?
    /// The steps made in the run.
    public var step: Int?
    /// The steps of the whole run.
    public var totalSteps: Int?
    /// The epoch, counted from 1.
    public var epoch: Int?
    /// The worker concerned, as `host:pid` or `credential/host:pid`.
    public var worker: String?
    /// The machine of that worker, or of the process that reports.
    public var host: String?
    /// The process that reports.
    public var pid: Int?
    /// The PID namespace of that process: containers on one machine number their processes
    /// separately.
    public var namespace: String?
    /// The address that the worker connects from.
    public var address: String?
    /// The worker's lanes.
    public var lanes: Int?
    /// The instruction set of the worker's kernels.
    public var kernels: String?
    /// The number of members.
    public var members: Int?
    /// The number of workers that training needs.
    public var needed: Int?
    /// Shards, in ascending order.
    public var shards: [Int]?
    /// How long something took or has lasted, in seconds.
    public var seconds: Double?
    /// How long it usually takes, in seconds.
    public var usual: Double?
    /// A peer that is not a member, as far as it is known.
    public var peer: String?
    /// Why, in words.
    public var reason: String?
    /// Workers that compute another's shards, that are left out, or that were removed.
    public var workers: [String]?
    /// How often it has happened so far.
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
    /// Metadata of swift-log messages.
    public var metadata: [String: String]?

    /// An event without further fields.
    public init(time: Double, event: String, level: String, text: String? = nil) {
        self.time = time
        self.event = event
        self.level = level
        self.text = text
    }

    /// An event of this process that happens now.
    package init(now event: String, _ level: Logger.Level, _ text: String? = nil) {
        self.init(
            time: Date.now.timeIntervalSince1970, event: event, level: level.rawValue, text: text)
        host = Self.ownHost
        pid = Int(getpid())
    }

    /// The name of this machine.
    package static let ownHost = hostName()
    /// This process's PID namespace, such as `pid:[4026531836]`; nil without `/proc`.
    package static let ownNamespace = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/ns/pid")

    /// The level, `info` if unknown.
    var urgency: Logger.Level { Logger.Level(rawValue: level) ?? .info }

    /// The event with `?` for each character of a name or reason that is not plainly visible.
    ///
    /// Names and reasons come from other machines and are shown to people.
    package var plain: EventLine {
        var line = self
        func makePlain(_ field: inout String?) { field = field.map { plainText($0) } }
        makePlain(&line.text)
        makePlain(&line.worker)
        makePlain(&line.peer)
        makePlain(&line.host)
        makePlain(&line.namespace)
        makePlain(&line.address)
        makePlain(&line.kernels)
        makePlain(&line.reason)
        makePlain(&line.path)
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
