/// The hosts of one coordinator, and the time that each part of a step takes on them.
package struct LaunchSite {
    /// The hosts, the fastest first.
    let members: [LaunchPlan.Member]
    /// The total upload bandwidth of the coordinator's link, in bytes a second.
    private let uplink: Double
    /// The total download bandwidth of the coordinator's link, in bytes a second.
    private let downlink: Double

    /// The coordinator's work per step that does not depend on its size, in seconds.
    private static let fixedWork = 0.0003
    /// The bytes a second that the coordinator encrypts or decrypts, checks and adds.
    private static let coordinatorRate = 5e8

    /// A site of at least one host.
    init(_ members: [LaunchPlan.Member]) {
        self.members = members
        // The server counts all uploads that happen at the same time. So the coordinator's link
        // carries this much, whether the hosts were measured together or one after another.
        let uploads = members.map(\.bandwidth.upload)
        let downloads = members.map(\.bandwidth.download)
        let best = members.map { max($0.bandwidth.upload, $0.bandwidth.uploadOfAll) }.max() ?? 0
        uplink = best
        // Downloads overlap as much as uploads.
        let overlap = min(1, best / uploads.reduce(0, +))
        downlink = max(downloads.max() ?? 0, overlap * downloads.reduce(0, +))
    }

    /// The cost of a step on the first hosts; beyond the measured ones, the median host is
    /// repeated.
    func cost(of job: LaunchPlan.Job, hosts count: Int) -> LaunchPlan.Cost {
        let extra = repeatElement(members[members.count / 2], count: max(0, count - members.count))
        let hosts = members.prefix(count) + extra
        let lanes = hosts.reduce(0) { $0 + $1.lanes }
        let compute = Self.computeTime(hosts, slots: job.slots, operations: job.operationsPerSlot)
        // A host without a slot gets nothing; the others send one sum per tree node that covers
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

    /// The time to transfer bytes over the coordinator's link, or over the slowest host's own link.
    private func wireTime(of bytes: Double, to rates: [Double], link: Double) -> Double {
        // A host with less than half of its share of the coordinator's link has a slower link of
        // its own.
        let slowest = rates.filter { $0 < link / Double(members.count) / 2 }.min()
        return max(bytes / link, slowest.map { bytes / Double(rates.count) / $0 } ?? 0)
    }

    /// How evenly the lanes divide the shards: 1 if no lane waits for another.
    func evenness(of shards: Int) -> Double {
        let rate = members.reduce(0) { $0 + $1.rate }
        return Double(shards) / rate
            / Self.computeTime(members[...], slots: shards, operations: 1)
    }

    /// The time the lanes take for equal slots; a slot is not divided between lanes.
    package static func computeTime(
        _ hosts: some Collection<LaunchPlan.Member>, slots: Int, operations: Double
    ) -> Double {
        // Each lane counts only its finished slots.
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

    /// The number of reduction tree nodes that cover a range of slots.
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
