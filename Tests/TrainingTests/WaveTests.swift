import NeuralNetwork
import Testing
import Training

@Suite("A wave")
struct WaveTests {
    /// The rows of each group of a wave that takes pieces of these sizes, and the number it takes.
    private func groups(
        of sizes: [Int], _ grouping: RowGrouping
    ) -> (groups: [RowGroup], pieces: Int) {
        var wave = Wave(grouping)
        let count = sizes.prefix { size in
            wave.add(Wave.Piece(slot: 0, shard: 0, places: 3..<3 + size, isLast: true))
        }.count
        #expect(wave.pieces.map(\.rows.count) == Array(sizes.prefix(count)))
        #expect(wave.groups.first.map(\.rows.lowerBound) ?? 0 == 0)
        for (group, next) in zip(wave.groups, wave.groups.dropFirst()) {
            #expect(group.rows.upperBound == next.rows.lowerBound)
        }
        return (wave.groups, count)
    }

    @Test("gives each piece of eight rows or more a group that shares blank time steps")
    func ownGroups() {
        let (groups, pieces) = groups(of: [8, 16, 9, 8, 8, 8, 7, 8], .wave)
        #expect(groups.map(\.rows.count) == [8, 16, 9, 8, 8, 8, 7])
        #expect(groups.map(\.isSharing) == [true, true, true, true, true, true, false])
        #expect(pieces == 7, "the last one has no room")
    }

    @Test(
        "puts smaller pieces into one group, which shares nothing", arguments: RowGrouping.allCases)
    func smallPieces(grouping: RowGrouping) {
        let (groups, pieces) = groups(of: [3, 7, 1, 5, 1], grouping)
        #expect(groups.allSatisfy { !$0.isSharing } && groups.count == 1)
        #expect(pieces == (grouping == .single ? 4 : 5))
    }

    @Test("takes no more groups than there is room for", arguments: RowGrouping.allCases)
    func mostGroups(grouping: RowGrouping) {
        let sizes = (0..<64).map { [8, 1][$0 % 2] }
        #expect(groups(of: sizes, grouping).pieces == grouping.groups)
    }

    @Test("is used where a layer's weights leave too little of the cache to the states")
    func choice() {
        func grouping(_ cell: Cell, _ hidden: Int, _ layers: Int, both: Bool) -> RowGrouping {
            let architecture = Architecture(
                cell: cell, imageRows: 28, imageColumns: 28, hiddenSize: hidden, layers: layers,
                isBidirectional: both, classes: 10)
            return RowGrouping(architecture, cache: 1 << 20)
        }
        #expect(grouping(.rnn, 400, 1, both: false) == .single)
        #expect(grouping(.rnn, 512, 1, both: false) == .wave)
        #expect(grouping(.lstm, 128, 2, both: true) == .single)
        // The second layer reads both directions.
        #expect(grouping(.lstm, 130, 2, both: true) == .wave)
    }
}
