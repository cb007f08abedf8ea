import Bounds

/// Decides when to tell that lanes stand idle because shards are too few, and how many would keep them busy.
package struct ShardAdvice: Sendable {
    /// The lanes that wait for others at the end of a step waste at most this fraction of all lanes' time.
    private static let mostWaste = 0.1

    /// The number that was recommended last.
    private var recommended = 0

    package init() {}

    /// The number of shards to recommend; nil if no lane stands idle, or if it was recommended before.
    package mutating func recommend(lanes: Int, shards: Int) -> Int? {
        guard lanes > shards else { return nil }
        let number = Self.shards(for: lanes)
        guard number > max(shards, recommended) else { return nil }
        recommended = number
        return number
    }

    /// The fewest shards that lanes of equal speed divide almost evenly.
    package static func shards(for lanes: Int) -> Int {
        var shards = 1
        while shards < ShardCount.limits.range.upperBound,
            shards < lanes || waste(shards, lanes) > mostWaste
        {
            shards *= 2
        }
        return shards
    }

    private static func waste(_ shards: Int, _ lanes: Int) -> Double {
        1 - Double(shards) / Double(lanes * ((shards + lanes - 1) / lanes))
    }
}
