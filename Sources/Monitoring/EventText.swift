import Logging
import Training

extension RunEvent {
    /// How a person is told, and how urgently; nil for what only programs want to know.
    package var text: (level: Logger.Level, message: String)? {
        switch self {
        case .joined(let worker, let members):
            let lanes = worker.lanes == 1 ? "1 lane" : "\(worker.lanes) lanes"
            let origin = worker.address.map { " from \($0)" } ?? ""
            return (
                .info,
                "worker \(worker.name) joined\(origin) with \(lanes), \(worker.kernels); "
                    + "\(members) here"
            )
        case .assigned(let worker, let shards):
            let list = shards.sorted().map(String.init).joined(separator: " ")
            let held = list.isEmpty ? "no shards and stands by" : "shards \(list)"
            return (.info, "worker \(worker) holds \(held)")
        case .left(let worker, let reason, let members):
            return (.warning, "worker \(worker) left: \(reason); \(members) here")
        case .refused(let peer, let reason): return (.warning, "\(peer) was refused: \(reason)")
        case .dropped(let peer, let reason, let total):
            // A flood must not fill the disk: the first ten, then every thousandth.
            guard total <= 10 || total % 1000 == 0 else { return nil }
            return (.warning, "dropped from \(peer): \(reason) (\(total) so far)")
        case .waiting(let members, let needed, let seconds):
            return (
                .warning, "waiting for workers for \(seconds) s: \(members) here, \(needed) needed"
            )
        case .training(let workers, let fromStep):
            let start = fromStep == 0 ? "" : " from step \(fromStep)"
            return (.info, "training\(start) with \(workers) worker\(workers == 1 ? "" : "s")")
        case .step(let report): return (.info, report.text)
        case .epoch(let report): return (.info, report.text)
        case .checkpoint(let path, let step):
            return (.debug, "checkpoint of step \(step) written to \(path)")
        case .stopping(let signal):
            return (
                .notice,
                "\(signal): finishing the step and writing a checkpoint; once more ends at once"
            )
        }
    }
}

extension StepReport {
    /// The step line, in the words of PyTorch's tutorials.
    var text: String {
        "Epoch [\(epoch)/\(epochs)], Step [\(stepInEpoch)/\(stepsPerEpoch)], "
            + "Loss: \(fixed(tally.meanLoss, 4)), Accuracy: \(percent(tally.accuracy))"
    }
}

extension EpochReport {
    /// The epoch line.
    var text: String {
        "Epoch [\(epoch)/\(epochs)] done: "
            + "train loss \(fixed(train.meanLoss, 4)), accuracy \(percent(train.accuracy)); "
            + "test loss \(fixed(test.meanLoss, 4)), accuracy \(percent(test.accuracy)); "
            + "\(grouped(examplesPerSecond)) examples/s"
    }
}
