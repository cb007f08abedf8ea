import Randomness

extension Philox {
    /// True with a probability of 1 in `count`.
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// A uniformly distributed number in a range.
    mutating func draw(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// A uniformly distributed time in a range.
    mutating func draw(_ range: ClosedRange<Duration>) -> Duration {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(uniform())
    }

    /// One of several values, all equally likely.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
