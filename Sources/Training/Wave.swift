import NeuralNetwork
import Reduction

/// Pieces of shards that a lane computes side by side: decides which rows they have, and which of
/// them form a group that shares blank time steps.
package struct Wave {
    /// The most examples of a shard that are summed at a time.
    ///
    /// It must never change: another size would change the order of additions in shards with more
    /// examples.
    package static let rowsOfPiece = 16

    /// The number of rows from which a piece is a group of its own.
    ///
    /// The rows of such a group share their first time steps if those are blank. It must never change
    /// either, because it decides an order of additions.
    private static let rowsOfOwnGroup = 8

    /// Examples of one shard.
    package struct Piece {
        package let slot: Int
        package let shard: Int
        /// The examples, as positions in the shard's order.
        package let places: Range<Int>
        /// Whether this piece completes the shard's sum.
        package let isLast: Bool
        /// The rows that hold these examples.
        package fileprivate(set) var rows = 0..<0
        package var tally = Tally()

        package init(slot: Int, shard: Int, places: Range<Int>, isLast: Bool) {
            self.slot = slot
            self.shard = shard
            self.places = places
            self.isLast = isLast
        }
    }

    private let grouping: RowGrouping
    package private(set) var groups: [RowGroup] = []
    package var pieces: [Piece] = []

    /// An empty wave.
    package init(_ grouping: RowGrouping) {
        self.grouping = grouping
        groups.reserveCapacity(grouping.groups)
        pieces.reserveCapacity(grouping.rows)
    }

    /// The number of rows.
    package var rows: Int { groups.last?.rows.upperBound ?? 0 }

    /// Adds a piece behind the others.
    ///
    /// - Returns: false if there is no room for it; the wave must be computed first.
    package mutating func add(_ piece: Piece) -> Bool {
        let count = piece.places.count
        let end = rows + count
        guard end <= grouping.rows else { return false }
        let joins = pieces.last.map { max($0.rows.count, count) < Self.rowsOfOwnGroup } ?? false
        guard joins || groups.count < grouping.groups else { return false }
        var piece = piece
        piece.rows = rows..<end
        if joins {
            let first = groups[groups.count - 1].rows.lowerBound
            groups[groups.count - 1] = RowGroup(rows: first..<end, isSharing: false)
        } else {
            groups.append(RowGroup(rows: piece.rows, isSharing: count >= Self.rowsOfOwnGroup))
        }
        pieces.append(piece)
        return true
    }

    /// Empties the wave.
    package mutating func removeAll() {
        groups.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
    }
}
