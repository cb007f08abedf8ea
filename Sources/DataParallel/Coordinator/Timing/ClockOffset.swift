/// The offset of a worker's clock from the coordinator's, estimated from pings.
///
/// The answer's clock is compared with the middle of the time between ping and answer. Of the last eight
/// samples the one with the shortest round trip counts, as in NTP's clock filter (RFC 5905, section 10): it was
/// delayed least, and its error is at most half of the round trip.
package struct ClockOffset: Sendable {
    private struct Sample {
        let offset: Duration
        let delay: Duration
    }

    private static let most = 8
    private var samples: [Sample] = []
    private var next = 0
    /// When the unanswered ping was sent; nil if there is none.
    private var pingedAt: Duration?

    /// Starts without pings.
    package init() {}

    /// Records a sent ping.
    ///
    /// Further pings before the answer do not count, nor do their answers.
    package mutating func ping(at now: Duration) { pingedAt = pingedAt ?? now }

    /// Records the answer of a worker whose clock shows `clock`.
    package mutating func answer(clock: Duration, at now: Duration) {
        guard let sent = pingedAt.take() else { return }
        let sample = Sample(offset: clock - (sent + now) / 2, delay: now - sent)
        if samples.count < Self.most {
            samples.append(sample)
        } else {
            samples[next] = sample
        }
        next = (next + 1) % Self.most
    }

    /// The offset, positive if the worker's clock is ahead; nil without an answered ping.
    package var best: Duration? { samples.min { $0.delay < $1.delay }?.offset }
}
