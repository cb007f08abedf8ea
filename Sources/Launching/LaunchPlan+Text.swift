import Monitoring

extension LaunchPlan: CustomStringConvertible {
    /// A table of the costs by number of hosts, and conclusions in words.
    public var description: String { ([table] + sentences).joined(separator: "\n") }

    private var table: String {
        var table = TextTable(
            "hosts", "lanes", "compute ms", "wire ms", "coordinator ms", "step ms", "examples/s",
            "busy")
        for cost in costs where isShown(cost.hosts) {
            table.add(
                "\(cost.hosts)" + (cost.hosts > members.count ? " (not measured)" : ""),
                "\(cost.lanes)", milliseconds(cost.compute), milliseconds(cost.wire),
                milliseconds(cost.coordinator), milliseconds(cost.step),
                grouped(cost.examplesPerSecond), fixed(cost.busy * 100, 0) + "%")
        }
        return table.text
    }

    private func milliseconds(_ seconds: Double) -> String { fixed(seconds * 1000, 2) }

    /// Shows powers of two if there are many hosts, and one power beyond the last that pays.
    private func isShown(_ hosts: Int) -> Bool {
        if hosts <= members.count {
            return members.count <= 8 || hosts == members.count || hosts == enough
                || hosts & (hosts - 1) == 0
        }
        return hosts <= 2 * enough
    }

    private var sentences: [String] { [limit, advice, rest].compactMap(\.self) }

    private var limit: String {
        let last = costs[costs.count - 1].hosts
        guard enough < last else {
            return last > members.count
                ? "Up to \(last) hosts pay; \(job.shards) shards are too few for more."
                : "All hosts pay."
        }
        let cost = costs.first { $0.hosts == enough } ?? self.cost
        let bytes = grouped(Double(cost.hosts * job.weightBytes) / 1000)
        return "More than \(enough) \(enough == 1 ? "host gains" : "hosts gain") less than 5%: "
            + "of a step's \(milliseconds(cost.step)) ms, computing takes "
            + "\(milliseconds(cost.compute)), \(bytes) kB of weights and their sums on the wire "
            + "\(milliseconds(cost.wire)), and the coordinator \(milliseconds(cost.coordinator))."
    }

    private var advice: String {
        let count = members.count == 1 ? "the host" : "the \(members.count) hosts"
        guard let proposal else {
            return "This job keeps \(count) \(fixed(cost.busy * 100, 0))% busy."
        }
        let options = "--shards \(proposal.shards) --batch-size \(proposal.batchSize)"
        let busy =
            "\(fixed(proposal.busy * 100, 0))% busy (now \(fixed(cost.busy * 100, 0))%)"
        let bits =
            "Both change the result's bits, and the batch size also how fast a network learns: "
            + "choose them for a new run."
        return proposal.busy < Self.busyEnough
            ? "Even \(options) would keep \(count) only \(busy): use fewer. \(bits)"
            : "\(options) would keep \(count) \(busy). \(bits)"
    }

    private var rest: String? {
        let idle = members.reduce(0) { $0 + max(0, $1.processors - $1.lanes) }
        return idle == 0 ? nil : "The hosts have \(idle) more processors than lanes."
    }
}
