/// A member's current slots and the data it holds.
package struct Stake {
    /// The slots that it computes now.
    package var share: SlotSet
    /// The slots whose data it holds.
    package var held: SlotSet

    package init(share: SlotSet, held: SlotSet) {
        self.share = share
        self.held = held
    }
}

/// Assigns all slots in aligned blocks, so that a step needs few sums, and few slots change hands.
///
/// A share is within an eighth of its target, or next to it: the same for all members, or `targets`. A free block
/// goes to a member that holds its data, if any.
package func assignSlots(_ slots: Int, to members: [Stake], targets: [Int]? = nil) -> [SlotSet] {
    guard !members.isEmpty else { return [] }
    let current = members.map(\.share.count)
    let sizes =
        targets.map { BlockSizes(slots, current: current, targets: $0) }
        ?? BlockSizes(slots, current: current)
    var placement = BlockPlacement(slots, members)
    return placement.place(sizes.best())
}
