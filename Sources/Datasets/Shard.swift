import Randomness

/// The examples of one shard, in the order in which they are laid out.
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

/// How a data set is split into shards: once a run, by a permutation seeded from the run's seed.
///
/// The card at place `p` of the permuted deck goes to shard `p mod S`, so the sizes of two shards
/// differ by one at most, whatever the number of workers.
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

    /// The examples of a shard whose indices in the shard are `range`, copied out of the data set.
    ///
    /// Indices past the shard's end are left out.
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

    /// The order in which a shard of `count` examples is walked in one epoch.
    public static func order(
        ofShard shard: Int, count: Int, epoch: Int, seed: UInt64
    ) -> [Int32] {
        var random = Philox(seed: seed, for: "epoch", epoch, shard)
        return random.permutation(of: count)
    }
}
