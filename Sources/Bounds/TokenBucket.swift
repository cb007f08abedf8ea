/// A token bucket: it allows a burst, and then a constant rate.
public struct TokenBucket: Sendable, Hashable {
    private let most: Double
    private let aSecond: Double
    private var left: Double
    private var filledAt: Duration = .zero

    /// A full bucket.
    public init(most: Int, aSecond: Double) {
        self.most = Double(most)
        self.aSecond = aSecond
        left = self.most
    }

    /// Takes `count` tokens, or none if there are fewer.
    ///
    /// - Parameter now: never goes back.
    public mutating func take(_ count: Int = 1, now: Duration) -> Bool {
        left = filled(now)
        filledAt = max(filledAt, now)
        guard left >= Double(count) else { return false }
        left -= Double(count)
        return true
    }

    /// Whether it holds as many tokens as it can.
    public func isFull(now: Duration) -> Bool { filled(now) == most }

    private func filled(_ now: Duration) -> Double {
        min(most, left + max(.zero, now - filledAt) / .seconds(1) * aSecond)
    }
}
