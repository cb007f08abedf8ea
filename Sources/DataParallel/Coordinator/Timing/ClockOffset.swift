/// How far a worker's clock is ahead of the coordinator's, found from pings.
///
/// An answer's clock is taken for the middle of the time between ping and answer. Of the last eight the one
/// with the least time between them counts, as in NTP's clock filter (RFC 5905, section 10): it was held
/// up least, and cannot be wrong by more than half of that time.
package struct ClockOffset: Sendable {
    private struct Sample {
        let offset: Duration
        let delay: Duration
    }

    private static let most = 8
    private var samples: [Sample] = []
    private var next = 0
    /// When the ping was sent that is to be answered next.
    private var pingedAt: Duration?

    /// No ping so far.
    package init() {}

    /// A ping is sent.
    ///
    /// One that follows before the answer does not count, nor does its answer.
    package mutating func ping(at now: Duration) { pingedAt = pingedAt ?? now }

    /// A ping is answered by a worker whose clock shows `clock`.
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

    /// The offset; nil where no ping was answered.
    package var best: Duration? { samples.min { $0.delay < $1.delay }?.offset }
}
