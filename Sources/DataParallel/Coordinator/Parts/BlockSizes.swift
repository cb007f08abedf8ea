/// Chooses the sizes of shares so that they need few sums.
///
/// A share of `n` slots needs one node of the reduction tree for each bit of `n` that is set, and so one sum a step
/// for each. Any sizes that add up to all slots can be placed at nodes: see ``BlockPlacement``. So the fewest sums
/// of a step are the fewest bits of sizes near their targets.
package struct BlockSizes: Sendable {
    /// All slots.
    private let slots: Int
    /// How many slots each member should have, in fractions: `targets[i] / parts`.
    private let targets: [Int]
    private let parts: Int
    /// How many slots each member has now.
    private let current: [Int]

    /// The sizes of equal shares.
    package init(_ slots: Int, current: [Int]) {
        self.init(
            slots, current: current, Array(repeating: slots, count: current.count),
            parts: current.count)
    }

    /// The sizes of shares near `targets`, which add up to all slots.
    package init(_ slots: Int, current: [Int], targets: [Int]) {
        self.init(slots, current: current, targets, parts: 1)
    }

    private init(_ slots: Int, current: [Int], _ targets: [Int], parts: Int) {
        self.slots = slots
        self.current = current
        self.targets = targets
        self.parts = parts
    }

    /// The sizes that a member may have: within an eighth of its target, or next to it.
    package func range(of member: Int) -> ClosedRange<Int> {
        let (target, parts) = (targets[member], parts)
        let (least, most) = ((7 * target + 8 * parts - 1) / (8 * parts), 9 * target / (8 * parts))
        return min(least, target / parts)...max(most, (target + parts - 1) / parts)
    }

    /// The sizes with the fewest sums; among these, those for which members gain the fewest slots, and then those
    /// least above their targets.
    ///
    /// Members are decided one after another, and for each total of sizes so far the best choice is kept. Only
    /// totals near that of the targets are tried: with equal targets, any choice can be ordered so that its totals
    /// stay there.
    package func best() -> [Int] {
        let reach = 2 * (targets.indices.map { range(of: $0).count }.max() ?? 0)
        var (first, costs) = (0, [0])
        var rows: [(first: Int, sizes: [Int])] = []
        var wanted = 0
        for member in targets.indices {
            wanted += targets[member]
            let row = extend(
                costs, from: first, by: member, to: wanted / parts - reach, count: 2 * reach + 2)
            (first, costs) = (wanted / parts - reach, row.costs)
            rows.append((first, row.sizes))
        }
        var sizes: [Int] = []
        var total = slots
        for row in rows.reversed() {
            let size = row.sizes[total - row.first]
            sizes.append(size)
            total -= size
        }
        return sizes.reversed()
    }

    /// The least costs of `count` totals from `next` on, and the sizes of `member` in them, given the costs of the
    /// totals before it.
    private func extend(
        _ costs: [Int], from first: Int, by member: Int, to next: Int, count: Int
    ) -> (costs: [Int], sizes: [Int]) {
        var best = Array(repeating: Int.max, count: count)
        var sizes = Array(repeating: 0, count: count)
        for size in range(of: member) {
            let added = cost(of: size, member)
            let shift = first + size - next
            for place in max(0, -shift)..<max(0, -shift, min(costs.count, count - shift)) {
                guard costs[place] < .max, costs[place] + added < best[place + shift] else {
                    continue
                }
                best[place + shift] = costs[place] + added
                sizes[place + shift] = size
            }
        }
        return (best, sizes)
    }

    /// The cost of a size: its sums, and far below them the slots gained, and the slots above the target.
    private func cost(of size: Int, _ member: Int) -> Int {
        let unit = slots + 1
        let gained = max(0, size - current[member])
        let above = max(0, size - targets[member] / parts)
        return (size.nonzeroBitCount * unit + gained) * unit + above
    }
}
