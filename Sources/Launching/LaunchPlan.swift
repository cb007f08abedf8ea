import Bounds

/// An estimate of a training step's cost by number of hosts, from what preflight measured.
///
/// The model of a step: the lanes compute; the weights go to all hosts and the sums come back; one
/// round trip; the coordinator's own work. All hosts' bytes share the coordinator's link, so with
/// more hosts the transfer takes longer and the computation less time.
public struct LaunchPlan: Sendable, Equatable {
    /// A host that takes part.
    public struct Member: Sendable, Equatable {
        /// The lanes that compute there.
        public var lanes: Int
        /// The processors available to them.
        public var processors: Int
        /// The operations a second of each lane.
        public var operationsPerSecond: Double
        /// The round-trip time to the coordinator, in seconds.
        public var roundTrip: Double
        /// The bandwidth to the coordinator.
        public var bandwidth: Bandwidth

        /// A member from a host's probe; nil if the host cannot compute or was not measured.
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

        /// The operations a second of all lanes together.
        var rate: Double { Double(lanes) * operationsPerSecond }
    }

    /// The training job.
    public struct Job: Sendable, Equatable {
        /// The operations per example of a step, as `Architecture.operations` counts them.
        public var operationsPerExample: Double
        /// The size of the weights, in bytes.
        public var weightBytes: Int
        /// The global batch size, in examples.
        public var batchSize: Int
        /// The data set's shards.
        public var shards: Int
        /// The training examples, an upper bound of the batch size.
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

        /// The shards with examples in a step.
        var slots: Int { min(shards, batchSize) }
        /// The operations of the largest slot.
        var operationsPerSlot: Double {
            Double((batchSize + slots - 1) / slots) * operationsPerExample
        }
    }

    /// The cost of a step, in seconds.
    public struct Cost: Sendable, Equatable {
        /// The number of hosts.
        public let hosts: Int
        /// The number of their lanes.
        public let lanes: Int
        /// The time until the last lane has computed.
        public let compute: Double
        /// The time to transfer weights and sums.
        public let wire: Double
        /// The coordinator's own work, and one round trip.
        public let coordinator: Double
        /// The examples a second.
        public let examplesPerSecond: Double
        /// The fraction of the lanes' time in which they compute, 0 to 1.
        public let busy: Double

        /// The sum of all parts.
        public var step: Double { compute + wire + coordinator }
    }

    /// Sizes that keep the hosts busy.
    public struct Proposal: Sendable, Equatable {
        /// The number of shards.
        public let shards: Int
        /// The global batch size.
        public let batchSize: Int
        /// The fraction of the lanes' time in which they would compute, 0 to 1.
        public let busy: Double
    }

    /// The measured hosts, the fastest first.
    public let members: [Member]
    /// The training job.
    public let job: Job
    /// The cost on one host, on two, and so on to all.
    ///
    /// Powers of two beyond that follow, up to the number of shards, with the median host repeated.
    public let costs: [Cost]
    /// The smallest number of hosts within 5% of the best examples a second.
    public let enough: Int
    /// Sizes that would keep all hosts busy; nil if they are busy already.
    public let proposal: Proposal?

    /// Lanes that compute for a smaller fraction of their time get a proposal.
    public static let busyEnough = 0.8
    /// More hosts are worthwhile if they give more than this factor in examples a second.
    private static let worthwhile = 1.05

    /// A plan for the usable hosts.
    ///
    /// - Precondition: There is at least one.
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

    /// The numbers of hosts to estimate.
    private static func counts(_ members: [Member], _ job: Job) -> [Int] {
        let lanes = members[members.count / 2].lanes
        let beyond = (0..<13).map { 1 << $0 }.filter {
            $0 > members.count && ($0 - 1) * lanes < job.slots
        }
        return Array(1...members.count) + beyond
    }

    /// The cost with all measured hosts.
    public var cost: Cost { costs[members.count - 1] }

    private static func proposal(_ site: LaunchSite, _ job: Job) -> Proposal? {
        let hosts = site.members.count
        guard site.cost(of: job, hosts: hosts).busy < busyEnough else { return nil }
        var job = job
        let lanes = site.members.reduce(0) { $0 + $1.lanes }
        // The fewest shards that the lanes can divide almost evenly.
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

    /// The examples per shard and step above which the products are fast.
    private static let rowsPerShard = 8
}
