/// What limits a run's speed, derived from where an interval's time went.
///
/// The first condition that holds counts. Each is about the time of the steps, without the time between them:
///
/// 1. the coordinator sends, adds, updates and records for more than half of the time;
/// 2. the network takes more than half of the slowest worker's answer time;
/// 3. steps wait for one worker alone for more than three tenths of the time;
/// 4. some lanes have no shard, or twice as many as others;
/// 5. the lanes compute.
public enum Bottleneck: Sendable, Equatable, CustomStringConvertible {
    /// The coordinator's own work.
    case coordinator
    /// Sending weights and sums over the network.
    case network
    /// One worker that all others wait for.
    case straggler(String)
    /// Too few shards for the lanes.
    case tooFewShards
    /// Computation, evenly on all lanes.
    case lanes

    private static let largeShare = 0.5
    private static let lateShare = 0.3
    /// The ratio of the busiest lane to the mean if shards are too few: some lanes have two, others one.
    private static let unevenShare = 4.0 / 3

    /// Finds the bottleneck of an interval; nil if it has no steps, or nothing is known of the workers.
    public init?(_ report: TimingReport) {
        let phases = report.phases
        let own = phases.send + phases.reduce + phases.update + phases.record
        let time = own + phases.first + phases.wait
        guard report.steps > 0, time > 0 else { return nil }
        if own > Self.largeShare * time {
            self = .coordinator
            return
        }
        let answering = report.workers.filter { $0.steps > 0 }
        guard let slowest = answering.max(by: { $0.totalAnswer < $1.totalAnswer }),
            let latest = report.workers.max(by: { $0.totalLateness < $1.totalLateness })
        else { return nil }
        if slowest.answer - slowest.busy > Self.largeShare * slowest.answer {
            self = .network
        } else if latest.totalLateness > Self.lateShare * time {
            self = .straggler(latest.worker)
        } else {
            self = Self.isUneven(report.workers) ? .tooFewShards : .lanes
        }
    }

    /// Whether shards are so few that some lanes compute much more than others.
    private static func isUneven(_ workers: [TimingReport.WorkerTiming]) -> Bool {
        let lanes = workers.reduce(0.0) { $0 + $1.laneCount }
        let shards = workers.reduce(0.0) { $0 + $1.shards }
        guard shards >= lanes else { return true }
        let most = workers.map { ($0.shards / $0.laneCount).rounded(.up) }.max() ?? 0
        return most <= 2 && most >= unevenShare * shards / lanes
    }

    /// The word in `timing.jsonl`.
    public var description: String {
        switch self {
        case .coordinator: "coordinator"
        case .network: "network"
        case .straggler(let name): "straggler \(name)"
        case .tooFewShards: "too few shards"
        case .lanes: "lanes"
        }
    }
}

extension TimingReport.WorkerTiming {
    fileprivate var totalAnswer: Double { answer * Double(steps) }
    fileprivate var totalLateness: Double { lateness * Double(max(steps, 1)) }
    fileprivate var laneCount: Double { Double(max(lanes.count, 1)) }
}
