import Randomness

extension Philox {
    /// Whether something happens that does so once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// A number of a range.
    mutating func draw(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// A time of a range, each as likely.
    mutating func draw(_ range: ClosedRange<Duration>) -> Duration {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(uniform())
    }

    /// One of several values.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
