/// The way in which a host's worker falsifies its answers.
package enum Liar: Sendable, Hashable {
    /// Every nth answer.
    case everyAnswer(Int)
    /// Every nth answer to its own share, but never an answer to a later request.
    case everyAnswerToItsShare(Int)
    /// Every nth answer, with a value that is not finite.
    case notFinite(Int)
    /// One in n answers to later requests, such as audits.
    case someAudits(oneIn: Int)
    /// One in n answers, with gradients that have the checksum of the right ones.
    case forger(oneIn: Int)
    /// One in n answers; it also repeats the lies of the other members of its pact.
    case pact(oneIn: Int)

    /// Whether it belongs to the pact.
    var isInPact: Bool { if case .pact = self { true } else { false } }
}
