/// Late sums that a step waited for.
public struct OwedWork: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// The shards whose sums are missing.
    public var shards: [Int]
    /// The seconds since they were requested.
    public var seconds: Double
    /// The workers that now compute them instead.
    public var helpers: [String]

    /// Makes a description of late sums.
    public init(step: Int, shards: [Int], seconds: Double, helpers: [String]) {
        self.step = step
        self.shards = shards
        self.seconds = seconds
        self.helpers = helpers
    }
}
