import Monitoring
import Reduction
import RunEvents
import Testing

@Suite("The progress bar") struct ProgressBarTests {
    private func report(step: Int, seconds: Double) -> StepReport {
        StepReport(
            epoch: 1 + (step - 1) / 100, epochs: 2, stepInEpoch: 1 + (step - 1) % 100,
            stepsPerEpoch: 100, step: step, tally: Tally(examples: 10), learningRate: 0.1,
            seconds: seconds, positions: 0..<10, weights: .none)
    }

    @Test("shows progress, speed and remaining time")
    func content() {
        var bar = ProgressBar()
        let start = bar.text(after: report(step: 1, seconds: 1), width: 80)
        #expect(
            start == "[" + String(repeating: ".", count: 40) + "] 1%  epoch 1/2")
        for step in 2..<50 { bar.note(report(step: step, seconds: 1)) }
        let later = bar.text(after: report(step: 50, seconds: 50), width: 80)
        #expect(
            later == "[#########" + String(repeating: ".", count: 27)
                + "] 25%  epoch 1/2  10 examples/s  2:30 left")
    }

    @Test("fits any width", arguments: 1...120)
    func width(_ width: Int) {
        var bar = ProgressBar()
        _ = bar.text(after: report(step: 1, seconds: 1), width: width)
        let text = bar.text(after: report(step: 150, seconds: 2), width: width)
        #expect(text.count < max(width, 2))
    }
}
