/// How the worker of a host computes wrongly.
package enum Liar: Sendable, Hashable {
    /// Every so-manieth of its answers.
    case everyAnswer(Int)
    /// Every so-manieth of the answers to its share, and never one of those that it is asked for later.
    case everyAnswerToItsShare(Int)
    /// Every so-manieth of its answers, with a number that is not finite.
    case notFinite(Int)
    /// One in so many of the answers that it is asked for later, such as audits.
    case someAudits(oneIn: Int)
    /// One in so many answers, with gradients that have the checksum of the right ones.
    case forger(oneIn: Int)
    /// One in so many answers; and it says the same where another of the pact has lied.
    case pact(oneIn: Int)

    /// Whether it is one of the pact.
    var isInPact: Bool { if case .pact = self { true } else { false } }
}
