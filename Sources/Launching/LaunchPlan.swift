import Bounds

/// What a step of training costs on so many hosts, as far as what was measured of them tells.
///
/// A step is taken to be: the lanes compute; the weights go to all hosts and the sums come back; a round trip;
/// and the coordinator's own work. The hosts' bytes share the coordinator's link, so more hosts take longer for
/// them, while they compute for a shorter time.
public struct LaunchPlan: Sendable, Equatable {
    /// A host that takes part.
    public struct Member: Sendable, Equatable {
        /// The lanes that compute there.
        public var lanes: Int
        /// The processors that it has for them.
        public var processors: Int
        /// The operations a second of each lane.
        public var operationsPerSecond: Double
        /// The seconds to the coordinator and back.
        public var roundTrip: Double
        /// What its way to the coordinator carries.
        public var bandwidth: Bandwidth

        /// The host of a probe, with so many lanes; nil for one that cannot compute or was not measured.
        public init?(_ probe: HostProbe, lanes: Int) {
            let speeds = probe.routes.compactMap(\.speed.value)
            guard let lane = probe.lane.value, lane.operationsPerSecond > 0, lanes > 0,
                let (speed, bandwidth) = speeds.lazy.compactMap({ speed in
                    speed.bandwidth.map { (speed, $0) }
                }).first, bandwidth.upload > 0, bandwidth.download > 0
            else { return nil }
            self.lanes = lanes
            processors = probe.processors
            operationsPerSecond = lane.operationsPerSecond
            roundTrip = speed.roundTrip
            self.bandwidth = bandwidth
        }

        /// The operations a second of all lanes.
        var rate: Double { Double(lanes) * operationsPerSecond }
    }

    /// What is to be trained.
    public struct Job: Sendable, Equatable {
        /// The operations of an example in a step, as `Architecture.operations` counts them.
        public var operationsPerExample: Double
        /// The bytes of the weights.
        public var weightBytes: Int
        /// The examples of a step, over all hosts.
        public var batchSize: Int
        /// The shards of the data set.
        public var shards: Int
        /// The training examples: no batch has more.
        public var examples: Int

        /// A job of these sizes.
        public init(
            operationsPerExample: Double, weightBytes: Int, batchSize: Int, shards: Int,
            examples: Int
        ) {
            self.operationsPerExample = operationsPerExample
            self.weightBytes = weightBytes
            self.batchSize = batchSize
            self.shards = shards
            self.examples = examples
        }

        /// The shards that have examples in a step.
        var slots: Int { min(shards, batchSize) }
        /// The operations of the largest of them.
        var operationsPerSlot: Double {
            Double((batchSize + slots - 1) / slots) * operationsPerExample
        }
    }

    /// What a step costs, in seconds.
    public struct Cost: Sendable, Equatable {
        /// The hosts.
        public let hosts: Int
        /// Their lanes.
        public let lanes: Int
        /// How long the lanes compute, until the last is done.
        public let compute: Double
        /// How long weights and sums are on the wire.
        public let wire: Double
        /// How long the coordinator works, and the answers of hosts are on their way.
        public let coordinator: Double
        /// The examples a second.
        public let examplesPerSecond: Double
        /// The share of the lanes' time in which they compute, 0 to 1.
        public let busy: Double

        /// All of it.
        public var step: Double { compute + wire + coordinator }
    }

    /// Sizes that keep the hosts busy.
    public struct Proposal: Sendable, Equatable {
        /// The shards.
        public let shards: Int
        /// The examples of a step.
        public let batchSize: Int
        /// The share of the lanes' time in which they compute then, 0 to 1.
        public let busy: Double
    }

    /// The hosts that were measured, the fastest first.
    public let members: [Member]
    /// What is to be trained.
    public let job: Job
    /// The cost on one host, on two, and so on to all.
    ///
    /// Then come the powers of two beyond, as far as there are shards, with hosts like the one in the middle.
    public let costs: [Cost]
    /// The least of those numbers of hosts that no other exceeds by a twentieth, in examples a second.
    public let enough: Int
    /// What would keep all hosts busy; nil where they are.
    public let proposal: Proposal?

    /// A lane without work for more than this share of its time is not worth its host.
    public static let busyEnough = 0.8
    /// More than this times as many examples a second are worth more hosts.
    private static let worthwhile = 1.05

    /// A plan for the hosts that can take part.
    ///
    /// - Precondition: There is one.
    public init(_ members: [Member], _ job: Job) {
        precondition(!members.isEmpty, "no host can take part")
        let sorted = members.enumerated().sorted {
            ($1.element.rate, $0.offset) < ($0.element.rate, $1.offset)
        }.map(\.element)
        (self.members, self.job) = (sorted, job)
        let site = LaunchSite(sorted)
        costs = Self.counts(sorted, job).map { site.cost(of: job, hosts: $0) }
        let most = costs.map(\.examplesPerSecond).max() ?? 0
        enough =
            costs.first { $0.examplesPerSecond * Self.worthwhile >= most }?.hosts ?? sorted.count
        proposal = Self.proposal(site, job)
    }

    /// The numbers of hosts to look at.
    private static func counts(_ members: [Member], _ job: Job) -> [Int] {
        let lanes = members[members.count / 2].lanes
        let beyond = (0..<13).map { 1 << $0 }.filter {
            $0 > members.count && ($0 - 1) * lanes < job.slots
        }
        return Array(1...members.count) + beyond
    }

    /// The cost on the hosts that were measured.
    public var cost: Cost { costs[members.count - 1] }

    private static func proposal(_ site: LaunchSite, _ job: Job) -> Proposal? {
        let hosts = site.members.count
        guard site.cost(of: job, hosts: hosts).busy < busyEnough else { return nil }
        var job = job
        let lanes = site.members.reduce(0) { $0 + $1.lanes }
        // Shards that lanes share out almost evenly, and no more.
        while job.shards < ShardCount.limits.range.upperBound,
            job.shards < lanes || site.evenness(of: job.shards) < 0.9
        {
            job.shards *= 2
        }
        job.batchSize = min(job.examples, max(job.batchSize, job.shards * Self.rowsPerShard))
        var cost = site.cost(of: job, hosts: hosts)
        while cost.busy < busyEnough, job.batchSize < job.examples {
            job.batchSize = min(job.examples, 2 * job.batchSize)
            cost = site.cost(of: job, hosts: hosts)
        }
        return Proposal(shards: job.shards, batchSize: job.batchSize, busy: cost.busy)
    }

    /// The examples of a shard in a step from which on its products are fast.
    private static let rowsPerShard = 8
}
