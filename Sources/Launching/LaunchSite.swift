/// Hosts around one coordinator, and how long they take for the parts of a step.
package struct LaunchSite {
    /// The hosts, the fastest first.
    let members: [LaunchPlan.Member]
    /// The bytes a second that the coordinator's own link takes from all hosts together.
    private let uplink: Double
    /// The bytes a second that it brings to all hosts together.
    private let downlink: Double

    /// What the coordinator does in a step whatever its size, in seconds.
    private static let fixedWork = 0.0003
    /// The bytes a second that the coordinator encrypts or decrypts, checks, and adds.
    private static let coordinatorRate = 5e8

    /// A site of at least one host.
    init(_ members: [LaunchPlan.Member]) {
        self.members = members
        // The server counts what all uploads bring at the same time. So the coordinator's link carries that
        // much, whether the hosts were measured at once, and shared it, or one after another.
        let uploads = members.map(\.bandwidth.upload)
        let downloads = members.map(\.bandwidth.download)
        let best = members.map { max($0.bandwidth.upload, $0.bandwidth.uploadOfAll) }.max() ?? 0
        uplink = best
        // Downloads overlap as much as uploads do.
        let overlap = min(1, best / uploads.reduce(0, +))
        downlink = max(downloads.max() ?? 0, overlap * downloads.reduce(0, +))
    }

    /// What a step costs on the first hosts; beyond those that there are, with ones like the one in the middle.
    func cost(of job: LaunchPlan.Job, hosts count: Int) -> LaunchPlan.Cost {
        let extra = repeatElement(members[members.count / 2], count: max(0, count - members.count))
        let hosts = members.prefix(count) + extra
        let lanes = hosts.reduce(0) { $0 + $1.lanes }
        let compute = Self.computeTime(hosts, slots: job.slots, operations: job.operationsPerSlot)
        // Who has no slot is sent nothing; the others send a sum for each node of the tree that covers
        // their slots.
        let active = min(count, job.slots)
        let nodes = (0..<active).reduce(0) { sum, host in
            sum + Self.nodes(covering: host * job.slots / active..<(host + 1) * job.slots / active)
        }
        let (down, up) = (Double(active * job.weightBytes), Double(nodes * job.weightBytes))
        let wire =
            wireTime(of: down, to: hosts.prefix(active).map(\.bandwidth.download), link: downlink)
            + wireTime(of: up, to: hosts.prefix(active).map(\.bandwidth.upload), link: uplink)
        let roundTrip = hosts.map(\.roundTrip).max() ?? 0
        let coordinator = Self.fixedWork + (down + up) / Self.coordinatorRate + roundTrip
        let step = compute + wire + coordinator
        let least =
            Double(job.batchSize) * job.operationsPerExample
            / hosts.reduce(0) { $0 + $1.rate }
        return LaunchPlan.Cost(
            hosts: count, lanes: lanes, compute: compute, wire: wire, coordinator: coordinator,
            examplesPerSecond: Double(job.batchSize) / step, busy: least / step)
    }

    /// How long so many bytes take over the coordinator's link, and over the hosts' own.
    private func wireTime(of bytes: Double, to rates: [Double], link: Double) -> Double {
        // Who had less than half of its part of the coordinator's link has a slower one of its own.
        let slowest = rates.filter { $0 < link / Double(members.count) / 2 }.min()
        return max(bytes / link, slowest.map { bytes / Double(rates.count) / $0 } ?? 0)
    }

    /// How evenly all lanes share so many shards out: 1 if none waits for another.
    func evenness(of shards: Int) -> Double {
        let rate = members.reduce(0) { $0 + $1.rate }
        return Double(shards) / rate
            / Self.computeTime(members[...], slots: shards, operations: 1)
    }

    /// How long the lanes take for so many slots of so many operations each: a lane takes whole ones.
    package static func computeTime(
        _ hosts: some Collection<LaunchPlan.Member>, slots: Int, operations: Double
    ) -> Double {
        // No lane is done before its next slot is.
        func isDone(_ time: Double) -> Bool {
            slots
                <= hosts.reduce(0) { sum, host in
                    let perLane = (time * host.operationsPerSecond / operations + 1e-6).rounded(
                        .down)
                    return sum + host.lanes * Int(perLane)
                }
        }
        var time = Double(slots) * operations / hosts.reduce(0) { $0 + $1.rate }
        while !isDone(time) {
            time =
                hosts.map { host in
                    let perLane = (time * host.operationsPerSecond / operations + 1e-6).rounded(
                        .down)
                    return (perLane + 1) * operations / host.operationsPerSecond
                }.min() ?? time
        }
        return time
    }

    /// The nodes of the reduction tree that cover a range of slots.
    package static func nodes(covering range: Range<Int>) -> Int {
        var (first, count) = (range.lowerBound, 0)
        while first < range.upperBound {
            var size = first == 0 ? 1 << 62 : first & -first
            while first + size > range.upperBound { size /= 2 }
            first += size
            count += 1
        }
        return count
    }
}
