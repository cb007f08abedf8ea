import Randomness

/// The examples of one shard, in layout order.
public struct Shard: Sendable {
    /// The bytes of the examples, one after another.
    public var values: [UInt8]
    /// The class of each example.
    public var labels: [UInt8]

    /// Makes a shard of examples and their labels.
    public init(values: [UInt8] = [], labels: [UInt8] = []) {
        self.values = values
        self.labels = labels
    }
}

/// Splits a data set into shards: once per run, by a permutation seeded from the run's seed.
///
/// Place `p` of the permutation goes to shard `p mod S`, so the sizes of two shards differ by at most
/// one, for any number of workers.
public struct ShardLayout: Sendable {
    /// The number of shards.
    public let shards: Int
    private let deck: [Int32]

    /// Splits `examples` examples into `shards` shards.
    public init(examples: Int, shards: Int, seed: UInt64) {
        self.shards = shards
        var random = Philox(seed: seed, for: "shards")
        deck = random.permutation(of: examples)
    }

    /// Copies the examples whose indices in the shard are `range` from the data set.
    ///
    /// Indices past the shard's end are skipped.
    public func examples(_ range: Range<Int>, ofShard shard: Int, from set: ExampleSet) -> Shard {
        let size = set.shape.byteCount
        var part = Shard()
        part.values.reserveCapacity(range.count * size)
        part.labels.reserveCapacity(range.count)
        for place in stride(
            from: shard + range.lowerBound * shards,
            to: min(shard + range.upperBound * shards, deck.count), by: shards)
        {
            let example = Int(deck[place])
            part.values += set.values[example * size..<(example + 1) * size]
            part.labels.append(set.labels[example])
        }
        return part
    }

    /// The order in which one epoch visits a shard of `count` examples.
    public static func order(
        ofShard shard: Int, count: Int, epoch: Int, seed: UInt64
    ) -> [Int32] {
        var random = Philox(seed: seed, for: "epoch", epoch, shard)
        return random.permutation(of: count)
    }
}
