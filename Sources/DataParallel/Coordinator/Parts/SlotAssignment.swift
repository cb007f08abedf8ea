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

/// Assigns all slots so that as few as possible change hands.
///
/// The shares have the given sizes, or sizes that differ by at most one slot. A member that loses slots loses
/// its last ones, so that it keeps large nodes of the tree. A free slot goes to a member with room that holds
/// its data, if any. Without earlier shares or data, the shares are contiguous.
package func assignSlots(_ slots: Int, to members: [Stake], sizes: [Int]? = nil) -> [SlotSet] {
    guard !members.isEmpty else { return [] }
    let all = SlotSet(0..<slots)
    var room = sizes ?? equalSizes(slots, members)
    var free = all
    var shares = members.map { _ in SlotSet() }
    func take(_ wanted: (Stake) -> SlotSet) {
        for (index, member) in members.enumerated() where room[index] > 0 {
            let taken = wanted(member).intersection(free).prefix(room[index])
            shares[index].formUnion(taken)
            free.subtract(taken)
            room[index] -= taken.count
        }
    }
    take(\.share)
    take(\.held)
    take { _ in all }
    return shares
}

/// The sizes of equal shares; the members with most slots so far get the remainder, one each.
private func equalSizes(_ slots: Int, _ members: [Stake]) -> [Int] {
    let bySize = members.indices.sorted {
        let (left, right) = (members[$0].share.count, members[$1].share.count)
        return left == right ? $0 < $1 : left > right
    }
    var sizes = Array(repeating: slots / members.count, count: members.count)
    for index in bySize.prefix(slots % members.count) { sizes[index] += 1 }
    return sizes
}
