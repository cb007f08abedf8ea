/// Sums that a step has waited for.
public struct OwedWork: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// The shards whose sums are missing.
    public var shards: [Int]
    /// The seconds since they were asked for.
    public var seconds: Double
    /// The workers that were asked for them now.
    public var helpers: [String]

    /// Sums that a step has waited for.
    public init(step: Int, shards: [Int], seconds: Double, helpers: [String]) {
        self.step = step
        self.shards = shards
        self.seconds = seconds
        self.helpers = helpers
    }
}
