import Reduction
import RunFolder

/// Checks a record line by line: each step in order, and each position of an epoch once.
package struct RecordCheck {
    private let path: String
    private let plan: BatchPlan
    private let epochs: Int
    private let format: RecordFormat
    /// The number of steps with valid lines.
    package private(set) var steps = 0

    /// A check of the record at `path`.
    package init(_ path: String, plan: BatchPlan, epochs: Int, _ format: RecordFormat) {
        self.path = path
        self.plan = plan
        self.epochs = epochs
        self.format = format
    }

    /// Checks the next line after the heading.
    ///
    /// - Returns: the step that it records.
    /// - Throws: the fault of the line, which ends the check.
    package mutating func take(_ line: ArraySlice<UInt8>) throws(Finding) -> StepRecord {
        let step = steps + 1
        // The heading is line 1.
        let place = "line \(step + 1)"
        func wrong(_ message: String) -> Finding { Finding(path, step: step, message) }
        guard step <= epochs * plan.stepsPerEpoch else {
            throw wrong("it continues to step \(step), but the run has only \(steps) steps")
        }
        guard let record = StepRecord(parsing: line, format) else {
            throw wrong("\(place) should record step \(step), but is not a valid line")
        }
        guard record.step >= step else {
            throw wrong("\(place) repeats step \(record.step) where step \(step) should be")
        }
        guard record.step == step else {
            let missing =
                record.step == step + 1
                ? "step \(step) is missing" : "steps \(step) to \(record.step - 1) are missing"
            throw wrong("\(missing): \(place) records step \(record.step)")
        }
        let epoch = plan.epoch(ofStep: steps) + 1
        guard record.epoch == epoch else {
            throw wrong(
                "step \(step) is recorded in epoch \(record.epoch), but belongs to epoch \(epoch)")
        }
        let positions = plan.positions(ofStep: steps)
        guard record.positions == positions else {
            throw wrong(
                "step \(step) used the positions \(text(record.positions)) of epoch \(epoch) "
                    + "instead of \(text(positions)), so not every position was used exactly once")
        }
        steps = step
        return record
    }

    private func text(_ positions: Range<Int>) -> String {
        positions.isEmpty
            ? "from \(positions.lowerBound) on, none,"
            : "\(positions.lowerBound) to \(positions.upperBound - 1)"
    }
}
