import RunEvents

/// The terminal's last line: progress, speed and remaining time.
package struct ProgressBar {
    private let steps: Int?
    private var first: (step: Int, seconds: Double)?
    private var examples = 0

    /// A bar that is full after this many steps; nil for all steps of the run.
    package init(steps: Int? = nil) { self.steps = steps }

    /// Counts a step and returns the bar in `width` columns.
    package mutating func text(after step: StepReport, width: Int) -> String {
        note(step)
        let total = steps ?? step.epochs * step.stepsPerEpoch
        let share = min(1, Double(step.step) / Double(max(total, 1)))
        let tail =
            " \(fixed(share * 100, 0))%  epoch \(step.epoch)/\(step.epochs)" + rate(step, total)
        let room = min(40, width - tail.count - 3)
        guard room >= 5 else { return String(tail.dropFirst().prefix(max(0, width - 1))) }
        let filled = Int(share * Double(room))
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: room - filled) + "]" + tail
    }

    /// Counts a step, and updates the bar on the sink.
    package mutating func show(_ step: StepReport, on sink: LogSink) {
        var isDrawn = false
        sink.showProgress { width in
            isDrawn = true
            return text(after: step, width: width)
        }
        if !isDrawn { note(step) }
    }

    /// Counts a step.
    package mutating func note(_ step: StepReport) {
        if first == nil {
            first = (step.step, step.seconds)
        } else {
            examples += step.tally.examples
        }
    }

    private func rate(_ step: StepReport, _ total: Int) -> String {
        guard let first, step.step > first.step, step.seconds > first.seconds else { return "" }
        let seconds = step.seconds - first.seconds
        let left = seconds / Double(step.step - first.step) * Double(total - step.step)
        return "  \(grouped(Double(examples) / seconds)) examples/s"
            + "  \(clockText(seconds: left)) left"
    }
}
