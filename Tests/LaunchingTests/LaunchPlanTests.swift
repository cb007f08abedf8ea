import Launching
import TestSupport
import Testing

@Suite("A launch plan") struct LaunchPlanTests {
    /// The sizes of the default network on MNIST.
    private var job: LaunchPlan.Job {
        LaunchPlan.Job(
            operationsPerExample: 3.66e6, weightBytes: 87_080, batchSize: 128, shards: 16,
            examples: 60_000)
    }

    private func member(
        lanes: Int = 1, processors: Int = 8, rate: Double = 1e11, upload: Double = 1e8,
        ofAll: Double? = nil, download: Double = 1e8
    ) throws -> LaunchPlan.Member {
        let bandwidth = Bandwidth(
            upload: upload, uploadOfAll: ofAll ?? upload, download: download)
        let probe = HostProbe(
            version: "0.1.0", protocolVersion: 8, host: "a", architecture: "x86_64",
            processor: "", processors: processors,
            lane: .found(LaneRate(kernels: "avx2", operationsPerSecond: rate)), memory: 1,
            folderSpace: 1, temporarySpace: 1, clock: 0,
            routes: [
                Route(endpoint: "tcp://a:1", speed: .failed("refused")),
                Route(
                    endpoint: "tcp://a:2",
                    speed: .found(RouteSpeed(roundTrip: 0.0002, bandwidth: bandwidth))),
            ])
        return try #require(LaunchPlan.Member(probe, lanes: lanes))
    }

    /// Hosts and jobs of all kinds, the same in every test run.
    private func generated() throws -> [([LaunchPlan.Member], LaunchPlan.Job)] {
        var random = SplitMix64(state: 17)
        return try (0..<200).map { _ in
            let members = try (0..<Int.random(in: 1...12, using: &random)).map { _ in
                let upload = Double.random(in: 1e6...1e9, using: &random)
                return try member(
                    lanes: .random(in: 1...16, using: &random),
                    rate: .random(in: 1e10...2e11, using: &random), upload: upload,
                    ofAll: upload * .random(in: 1...4, using: &random),
                    download: .random(in: 1e6...1e9, using: &random))
            }
            let job = LaunchPlan.Job(
                operationsPerExample: .random(in: 1e5...1e9, using: &random),
                weightBytes: .random(in: 1000...10_000_000, using: &random),
                batchSize: .random(in: 1...4096, using: &random),
                shards: 1 << Int.random(in: 0...8, using: &random), examples: 60_000)
            return (members, job)
        }
    }

    @Test("spends more time on the network and no more on computing as hosts are added")
    func moreHosts() throws {
        for (members, job) in try generated() {
            let costs = LaunchPlan(members, job).costs
            #expect(costs.prefix(members.count).map(\.hosts) == Array(1...members.count))
            for (fewer, more) in zip(costs, costs.dropFirst()) {
                #expect(more.hosts > fewer.hosts && more.lanes > fewer.lanes)
                #expect(more.compute <= fewer.compute * 1.000_01)
                #expect((0...1).contains(more.busy))
                let rate = Double(job.batchSize) / more.step
                #expect(abs(more.examplesPerSecond - rate) < rate * 1e-9)
            }
            // Other numbers of hosts divide the tree into more nodes.
            let even = costs.filter { $0.hosts & ($0.hosts - 1) == 0 }
            guard job.batchSize >= job.shards else { continue }
            for (fewer, more) in zip(even, even.dropFirst()) {
                #expect(more.wire >= fewer.wire && more.coordinator >= fewer.coordinator)
            }
        }
    }

    @Test("finds the smallest number of hosts within 5% of the fastest")
    func enough() throws {
        for (members, job) in try generated() {
            let plan = LaunchPlan(members, job)
            let best = try #require(plan.costs.map(\.examplesPerSecond).max())
            for cost in plan.costs where cost.hosts <= plan.enough {
                #expect((cost.examplesPerSecond * 1.05 >= best) == (cost.hosts == plan.enough))
            }
        }
    }

    @Test("proposes shards for all lanes, and a batch that keeps them busy if possible")
    func proposal() throws {
        for (members, job) in try generated() {
            let plan = LaunchPlan(members, job)
            guard let proposal = plan.proposal else {
                #expect(plan.cost.busy >= 0.8)
                continue
            }
            #expect(plan.cost.busy < 0.8)
            #expect(proposal.shards & (proposal.shards - 1) == 0)
            #expect(proposal.shards >= max(job.shards, members.reduce(0) { $0 + $1.lanes }))
            #expect(proposal.batchSize >= min(job.examples, job.batchSize))
            #expect(proposal.busy >= 0.8 || proposal.batchSize == job.examples)
            var other = job
            (other.shards, other.batchSize) = (proposal.shards, proposal.batchSize)
            #expect(LaunchPlan(members, other).cost.busy == proposal.busy)
        }
    }

    @Test("assigns each slot to the lane that finishes it first")
    func computeTime() throws {
        for (members, job) in try generated() {
            var lanes = members.flatMap { member in
                Array(
                    repeating: (done: 0.0, slot: 1 / member.operationsPerSecond),
                    count: member.lanes)
            }
            for _ in 0..<job.shards {
                let next = try #require(
                    lanes.indices.min {
                        lanes[$0].done + lanes[$0].slot < lanes[$1].done + lanes[$1].slot
                    })
                lanes[next].done += lanes[next].slot
            }
            let expected = try #require(lanes.map(\.done).max())
            let time = LaunchSite.computeTime(members, slots: job.shards, operations: 1)
            #expect(abs(time - expected) < expected * 1e-5)
        }
    }

    @Test("counts one sum a tree node in each worker's slots")
    func nodes() {
        func nodes(_ range: Range<Int>, of whole: Range<Int>) -> Int {
            if range.isEmpty { return 0 }
            if range == whole { return 1 }
            let middle = (whole.lowerBound + whole.upperBound) / 2
            return nodes(
                range.clamped(to: whole.lowerBound..<middle), of: whole.lowerBound..<middle)
                + nodes(range.clamped(to: middle..<whole.upperBound), of: middle..<whole.upperBound)
        }
        for first in 0..<32 {
            for end in first...32 {
                #expect(LaunchSite.nodes(covering: first..<end) == nodes(first..<end, of: 0..<32))
            }
        }
    }

    @Test("finds the same coordinator link, whether hosts were probed together or in turn")
    func sharedLink() throws {
        let at = try (0..<4).map { _ in
            try member(upload: 2.5e7, ofAll: 1e8, download: 2.5e7)
        }
        let after = try (0..<4).map { _ in try member(upload: 1e8, download: 1e8) }
        let (atOnce, oneAfterAnother) = (LaunchPlan(at, job).cost, LaunchPlan(after, job).cost)
        #expect(abs(atOnce.wire - oneAfterAnother.wire) < 1e-9)
        #expect(abs(atOnce.wire - 8 * 87_080 / 1e8) < 1e-9)
    }

    @Test("lets all hosts wait for one with a slow link")
    func slowLink() throws {
        let slow = try member(rate: 0.9e11, upload: 1e6, ofAll: 1e8, download: 1e6)
        let plan = LaunchPlan([slow, try member(), try member(), try member()], job)
        #expect(plan.members.last == slow)
        #expect(plan.costs[2].wire < 0.01)
        #expect(plan.cost.wire > 2 * 87_080 / 1e6 * 0.99)
        #expect(plan.enough < 4)
    }

    @Test("excludes hosts that cannot compute or were not measured")
    func leftOut() throws {
        let line = HostProbe(
            version: "0.1.0", protocolVersion: 8, host: "a", architecture: "x86_64",
            processor: "", processors: 1, lane: .failed("too old"), memory: 1, folderSpace: 1,
            temporarySpace: 1, clock: 0,
            routes: [
                Route(
                    endpoint: "tcp://a:1",
                    speed: .found(
                        RouteSpeed(
                            roundTrip: 0.1,
                            bandwidth: Bandwidth(upload: 1, uploadOfAll: 1, download: 1))))
            ])
        #expect(LaunchPlan.Member(line, lanes: 1) == nil)
        var other = line
        other.lane = .found(LaneRate(kernels: "avx2", operationsPerSecond: 1))
        #expect(LaunchPlan.Member(other, lanes: 1) != nil)
        #expect(LaunchPlan.Member(other, lanes: 0) == nil)
        other.routes = [Route(endpoint: "tcp://a:1", speed: .found(RouteSpeed(roundTrip: 0.1)))]
        #expect(LaunchPlan.Member(other, lanes: 1) == nil)
    }

    @Test("shows in a table and in words where more hosts stop paying, and what would help")
    func text() throws {
        let hosts = try (0..<4).map { _ in
            try member(processors: 2, upload: 1e9, download: 1e9)
        }
        #expect(
            LaunchPlan(hosts, job).description == """
                hosts  lanes  compute ms  wire ms  coordinator ms  step ms  examples/s  busy
                1          1        4.68     0.17            0.85     5.71      22,427   82%
                2          2        2.34     0.35            1.20     3.89      32,927   60%
                3          3        1.76     0.87            2.24     4.87      26,288   32%
                4          4        1.17     0.70            1.89     3.76      34,032   31%
                More than 2 hosts gain less than 5%: of a step's 3.89 ms, computing takes 2.34, 174 kB \
                of weights and their sums on the wire 0.35, and the coordinator 1.20.
                --shards 16 --batch-size 2048 would keep the 4 hosts 88% busy (now 31%). Both change \
                the result's bits, and the batch size also how fast a network learns: choose them for \
                a new run.
                The hosts have 4 more processors than lanes.
                """)
        var large = job
        large.batchSize = 4096
        #expect(
            LaunchPlan(hosts, large).description == """
                hosts              lanes  compute ms  wire ms  coordinator ms  step ms  examples/s  busy
                1                      1      149.91     0.17            0.85   150.94      27,137   99%
                2                      2       74.96     0.35            1.20    76.50      53,541   98%
                3                      3       56.22     0.87            2.24    59.33      69,038   84%
                4                      4       37.48     0.70            1.89    40.07     102,225   94%
                8 (not measured)       8       18.74     1.39            3.29    23.42     174,900   80%
                16 (not measured)     16        9.37     2.79            6.07    18.23     224,693   51%
                Up to 16 hosts pay; 16 shards are too few for more.
                This job keeps the 4 hosts 94% busy.
                The hosts have 4 more processors than lanes.
                """)
        let slow = try (0..<2).map { _ in
            try member(processors: 1, upload: 1e6, download: 1e6)
        }
        let sentences = LaunchPlan(slow, job).description.split(separator: "\n").suffix(2)
        #expect(
            sentences.joined(separator: "\n") == """
                More than 1 host gains less than 5%: of a step's 179.69 ms, computing takes 4.68, 87 kB \
                of weights and their sums on the wire 174.16, and the coordinator 0.85.
                Even --shards 16 --batch-size 60000 would keep the 2 hosts only 76% busy (now 1%): use \
                fewer. Both change the result's bits, and the batch size also how fast a network \
                learns: choose them for a new run.
                """)
    }
}
