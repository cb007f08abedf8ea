/// The slots of a range that one lane computes.
package struct LanePart: Sendable {
    /// Which lane.
    package let lane: Int
    /// The slots.
    package let slots: Range<Int>
    /// The run's step.
    package let step: Int
    /// How often the worker had been reset before: lanes that compute for an earlier run are not listened to.
    let generation: Int
}
