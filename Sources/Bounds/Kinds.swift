// The numbers in messages and files. Each limit is far above what a run needs, yet low enough that sums
// and products of a few such numbers fit 64 bits.

/// A step of the run, counted from 0, or a number of steps.
public enum StepNumber: Bound {
    /// A million epochs of 2^31 examples take no more.
    public static let limits = Limits("step", 0...1 << 52)
}

/// An epoch, counted from 1; 0 before the first.
public enum EpochNumber: Bound {
    /// As `--epochs` allows.
    public static let limits = Limits("epoch", 0...1_000_000)
}

/// The number of shards of a data set.
public enum ShardCount: Bound {
    /// As `--shards` allows.
    public static let limits = Limits("number of shards", 1...4096)
}

/// A shard, or the residue that identifies a node on its level of the reduction tree.
public enum ShardNumber: Bound {
    /// Below the most shards.
    public static let limits = Limits("shard", 0...4095)
}

/// The distance of a node of the reduction tree from its root.
public enum TreeLevel: Bound {
    /// The depth of the tree of 4,096 shards.
    public static let limits = Limits("level", 0...12)
}

/// A number of examples: of a data set, a batch, a shard or a message.
public enum ExampleCount: Bound {
    /// Binary headers have 32 bits for it.
    public static let limits = Limits("number of examples", 0...Int(Int32.max))
}

/// The number of a worker's compute lanes.
public enum LaneCount: Bound {
    /// No machine has so many processors.
    public static let limits = Limits("number of lanes", 1...1 << 16)
}

/// The number of lanes whose times a partial sum reports.
public enum TimedLaneCount: Bound {
    /// Enough for most machines, and small beside the sum itself.
    public static let limits = Limits("number of lanes", 0...64)
}

/// A time in microseconds.
public enum Microseconds: Bound {
    /// Thirty years.
    public static let limits = Limits("time", 0...1_000_000_000_000_000)
}

/// A process of an operating system.
public enum ProcessNumber: Bound {
    /// As the system's own type.
    public static let limits = Limits("process", 0...Int(Int32.max))
}

/// A time in seconds.
public enum Seconds: Bound {
    /// Thirty years.
    public static let limits = Limits("time", 0...1e9)
}

/// A moment, in seconds since 1970.
public enum Moment: Bound {
    /// From 1970 to the year 5138.
    public static let limits = Limits("time", 0...1e11)
}

/// A summed cross entropy, in nats.
public enum LossSum: Bound {
    /// An example's is at most a few times the largest float32.
    public static let limits = Limits("loss", -1e50...1e50)
}

/// A fraction of a whole, less than all of it.
public enum ProperShare: Bound {
    /// From nothing to just below 1.
    public static let limits = Limits("share", 0...1.0.nextDown)
}

/// Bytes of memory or of a disk.
public enum ByteCount: Bound {
    /// An exabyte.
    public static let limits = Limits("number of bytes", 0...1 << 60)
}

/// A rate, such as examples per second.
public enum Rate: Bound {
    /// A machine that is a million times faster.
    public static let limits = Limits("rate", 0...1e15)
}
