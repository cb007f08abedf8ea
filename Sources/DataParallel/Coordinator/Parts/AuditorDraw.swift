import Randomness

/// Draws auditors, each identity as likely as any other, however many connections it has, and lets none
/// have two audits before all others have one.
struct AuditorDraw {
    /// Which identity each place is of: the rank of the identities is random.
    private let ranks: [Int]
    /// The audits that each identity, and each place, has by now.
    private var ofIdentity: [Int]
    private var ofPlace: [Int]

    /// A draw among places that are taken by workers of these identities.
    init(_ identities: [WorkerIdentity], _ random: inout Philox) {
        var numbers: [WorkerIdentity: Int] = [:]
        let found = identities.map { identity in
            let number = numbers[identity] ?? numbers.count
            numbers[identity] = number
            return number
        }
        let order = random.permutation(of: numbers.count)
        ranks = found.map { Int(order[$0]) }
        ofIdentity = Array(repeating: 0, count: numbers.count)
        ofPlace = Array(repeating: 0, count: identities.count)
    }

    /// The place that does the next audit, of those that can; nil if none can.
    mutating func next(among canAudit: (Int) -> Bool) -> Int? {
        func cost(_ place: Int) -> (Int, Int, Int) {
            (ofIdentity[ranks[place]], ranks[place], ofPlace[place])
        }
        let able = ranks.indices.filter(canAudit)
        guard let place = able.min(by: { cost($0) < cost($1) }) else { return nil }
        ofIdentity[ranks[place]] += 1
        ofPlace[place] += 1
        return place
    }
}
