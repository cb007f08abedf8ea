import Bounds
import Monitoring

extension MetricsLine: ScannedLine {
    /// Reads a line of `metrics.jsonl`; nil if it is damaged or has an impossible number.
    package init?(_ line: ArraySlice<UInt8>) {
        self.init()
        guard scan(line), step > 0 else { return nil }
    }

    mutating func read(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault) {
        switch key {
        case "type": type = try scanner.text().flatMap(Kind.init) ?? .step
        case "epoch": epoch = try scanner.whole(EpochNumber.self)
        case "step": step = try scanner.whole(StepNumber.self)
        case "examples": examples = try scanner.whole(ExampleCount.self)
        case "seconds": seconds = try scanner.number(Seconds.self) ?? 0
        case "time": time = try scanner.number(Moment.self)
        case "loss": loss = try scanner.number()
        case "accuracy": accuracy = try scanner.number()
        case "learning_rate": learningRate = try scanner.number()
        case "test_loss": testLoss = try scanner.number()
        case "test_accuracy": testAccuracy = try scanner.number()
        default: try scanner.skip()
        }
    }
}
