/// A sum of a step that one of a pact has falsified.
struct Lie: Hashable {
    let step: Int
    let slots: Range<Int>
}
