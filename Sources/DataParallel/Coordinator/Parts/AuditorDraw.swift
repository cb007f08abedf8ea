import Randomness

/// Draws auditors, each identity with the same probability however many connections it has.
///
/// No identity gets a second audit before every other one has its first.
struct AuditorDraw {
    /// The random rank of the identity at each place.
    private let ranks: [Int]
    /// The audits assigned so far to each identity, and to each place.
    private var ofIdentity: [Int]
    private var ofPlace: [Int]

    /// Draws among places held by workers of these identities.
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

    /// The place that does the next audit, among those able to; nil if none is.
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
