/// The slots of a range that one lane computes.
package struct LanePart: Sendable {
    /// The lane's index.
    package let lane: Int
    /// The slots.
    package let slots: Range<Int>
    /// The step.
    package let step: Int
    /// The number of worker resets before; results from before the last reset are ignored.
    let generation: Int
}
