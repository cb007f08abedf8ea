/// What a member brings to a new deal.
package struct Stake {
    /// The slots that it computes so far.
    package var share: SlotSet
    /// The slots whose data it holds.
    package var held: SlotSet

    package init(share: SlotSet, held: SlotSet) {
        self.share = share
        self.held = held
    }
}

/// Deals all slots out: in shares of given sizes, or ones that differ by one slot at most; and as few slots
/// as possible change hands.
///
/// A member that has to give slots away gives its last ones, so that what it keeps holds together in
/// large nodes of the tree. A slot that is free goes to a member that holds its data, if one of those
/// that have room does. Where nobody has anything yet, the shares are contiguous.
package func deal(_ slots: Int, to members: [Stake], sizes: [Int]? = nil) -> [SlotSet] {
    guard !members.isEmpty else { return [] }
    let all = SlotSet(0..<slots, limit: slots)
    var room = sizes ?? equalSizes(slots, members)
    var free = all
    var shares = members.map { _ in SlotSet(limit: slots) }
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

/// The sizes of equal shares; who has most so far gets one more where they do not come out even.
private func equalSizes(_ slots: Int, _ members: [Stake]) -> [Int] {
    let bySize = members.indices.sorted {
        let (left, right) = (members[$0].share.count, members[$1].share.count)
        return left == right ? $0 < $1 : left > right
    }
    var sizes = Array(repeating: slots / members.count, count: members.count)
    for index in bySize.prefix(slots % members.count) { sizes[index] += 1 }
    return sizes
}
