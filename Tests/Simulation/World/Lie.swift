/// A sum that a member of a pact has falsified.
struct Lie: Hashable {
    let step: Int
    let slots: Range<Int>
}
