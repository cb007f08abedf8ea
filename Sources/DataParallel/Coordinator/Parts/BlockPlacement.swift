/// Places blocks at nodes of the reduction tree, so that few slots change hands.
///
/// It goes from the largest blocks to the smallest. All blocks together are as large as the tree, so for each block
/// there is a node of its size.
struct BlockPlacement {
    private let slots: Int
    private let members: [Stake]
    /// The member that computes each slot now, or else the first that holds its data.
    private var owners: [Int?]
    /// The new shares.
    private var shares: [SlotSet]

    /// The free nodes of the current size: the first slot of each, in ascending order.
    private var free = [0]
    private var isFree: [Bool]
    /// How many slots of the free nodes, by their first slots, have an owner.
    private var owned: [Int]

    /// Starts with an empty tree.
    init(_ slots: Int, _ members: [Stake]) {
        self.slots = slots
        self.members = members
        owners = Array(repeating: nil, count: slots)
        shares = members.map { _ in SlotSet() }
        isFree = Array(repeating: false, count: slots)
        owned = Array(repeating: 0, count: slots)
        var free = SlotSet(0..<slots)
        for share in [\Stake.share, \Stake.held] {
            for (member, stake) in members.enumerated() {
                let taken = stake[keyPath: share].intersection(free)
                free.subtract(taken)
                for slot in taken.slots { owners[slot] = member }
            }
        }
    }

    /// Places blocks for shares of these sizes.
    mutating func place(_ sizes: [Int]) -> [SlotSet] {
        var size = slots
        while size > 0 {
            place(size, of: sizes.indices.filter { sizes[$0] & size != 0 })
            size /= 2
            free = free.flatMap { [$0, $0 + size] }
        }
        return shares
    }

    /// Places one block of a size for each of some members.
    private mutating func place(_ size: Int, of waiting: [Int]) {
        guard !waiting.isEmpty else { return }
        for node in free { isFree[node] = true }
        var waiting = keep(size, of: waiting)
        waiting.removeAll { member in
            guard let node = preferred(by: member, size) else { return false }
            give(node, size, to: member)
            return true
        }
        for (member, node) in zip(waiting, leastOwned(waiting.count)) {
            give(node, size, to: member)
        }
        free.removeAll { !isFree[$0] }
    }

    private mutating func give(_ node: Int, _ size: Int, to member: Int) {
        isFree[node] = false
        shares[member].insert(node..<node + size)
    }

    /// Gives members the nodes of which they own most; returns the others.
    private mutating func keep(_ size: Int, of waiting: [Int]) -> [Int] {
        var isWaiting = Array(repeating: false, count: members.count)
        for member in waiting { isWaiting[member] = true }
        var kept: [(gain: Int, member: Int, node: Int)] = []
        for node in free {
            let counts = ownersOf(node..<node + size)
            owned[node] = counts.reduce(0) { $0 + $1.count }
            for (member, count) in counts where isWaiting[member] {
                // What it keeps, less what others lose.
                kept.append((2 * count - owned[node], member, node))
            }
        }
        kept.sort { ($1.gain, $0.member, $0.node) < ($0.gain, $1.member, $1.node) }
        for (_, member, node) in kept where isWaiting[member] && isFree[node] {
            isWaiting[member] = false
            give(node, size, to: member)
        }
        return waiting.filter { isWaiting[$0] }
    }

    /// The owners of a node's slots, with how many each has.
    private func ownersOf(_ slots: Range<Int>) -> [(member: Int, count: Int)] {
        var counts: [(member: Int, count: Int)] = []
        for owner in slots.lazy.compactMap({ owners[$0] }) {
            if let place = counts.firstIndex(where: { $0.member == owner }) {
                counts[place].count += 1
            } else {
                counts.append((owner, 1))
            }
        }
        return counts
    }

    /// The free node of which a member holds most and others own least; nil if it has no reason to prefer one.
    ///
    /// Among equal ones it is one beside the member's other blocks, because a worker computes its ranges one after
    /// another.
    private func preferred(by member: Int, _ size: Int) -> Int? {
        let held = members[member].held
        var best: (node: Int, value: Int) = (0, 0)
        func consider(_ node: Int, isBeside: Bool) {
            guard node >= 0, node < slots, node % size == 0, isFree[node] else { return }
            let gain = held.count(in: node..<node + size) - owned[node]
            let value = 2 * gain + (isBeside ? 1 : 0)
            if value > best.value { best = (node, value) }
        }
        for run in held.runs {
            for node in stride(from: run.lowerBound / size * size, to: run.upperBound, by: size) {
                consider(node, isBeside: false)
            }
        }
        for run in shares[member].runs {
            consider(run.lowerBound - size, isBeside: true)
            consider(run.upperBound, isBeside: true)
        }
        return best.value > 0 ? best.node : nil
    }

    /// Free nodes of whose slots the fewest have owners, spread evenly, so that smaller blocks fit beside them.
    private func leastOwned(_ count: Int) -> [Int] {
        let nodes = free.filter { isFree[$0] }.sorted { (owned[$0], $0) < (owned[$1], $1) }
        guard let least = nodes.first.map({ owned[$0] }) else { return [] }
        let equal = nodes.prefix { owned[$0] == least }
        guard count <= equal.count else { return nodes }
        return (0..<count).map { equal[(2 * $0 + 1) * equal.count / (2 * count)] }
    }
}
