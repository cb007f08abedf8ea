/// A node of the fixed binary tree in which shard gradients are added.
///
/// Node (level j, residue r) covers the shards ≡ r (mod 2^j); its value is the sum of its children
/// (j + 1, r) and (j + 1, r + 2^j). The root is (0, 0); shard s is the leaf (log2 S, s). In
/// bit-reversed order of the shards every node covers a contiguous, aligned block of slots.
public struct TreeNode: Hashable, Sendable, CustomStringConvertible {
    /// The distance from the root.
    public let level: Int
    /// The node's index in its level, 0 to 2^level - 1.
    public let residue: Int

    /// The node that covers all shards.
    public static let root = TreeNode(level: 0, residue: 0)

    /// The node of a level and a residue below 2^level.
    public init(level: Int, residue: Int) {
        precondition(level >= 0 && level < 32 && residue >= 0 && residue < 1 << level)
        self.level = level
        self.residue = residue
    }

    /// The leaf at `slot` of the bit-reversed order of `shards` shards.
    public init(leafAtSlot slot: Int, shards: Int) {
        let level = shards.trailingZeroBitCount
        self.init(level: level, residue: reversedBits(slot, width: level))
    }

    /// The parent; nil for the root.
    public var parent: TreeNode? {
        guard level > 0 else { return nil }
        return TreeNode(level: level - 1, residue: residue & ((1 << (level - 1)) - 1))
    }

    /// The other child of the parent; nil for the root.
    public var sibling: TreeNode? {
        guard level > 0 else { return nil }
        return TreeNode(level: level, residue: residue ^ (1 << (level - 1)))
    }

    /// The slots of the bit-reversed order of `shards` shards that this node covers.
    public func slots(of shards: Int) -> Range<Int> {
        let size = shards >> level
        let first = reversedBits(residue, width: level) * size
        return first..<first + size
    }

    /// `level/residue`, for logs.
    public var description: String { "\(level)/\(residue)" }
}

/// The shard at `slot` of the bit-reversed order of `shards` shards.
public func shard(atSlot slot: Int, of shards: Int) -> Int {
    reversedBits(slot, width: shards.trailingZeroBitCount)
}

private func reversedBits(_ value: Int, width: Int) -> Int {
    var result = 0
    for bit in 0..<width where value & (1 << bit) != 0 { result |= 1 << (width - 1 - bit) }
    return result
}
