import Logging
import RunEvents

extension RunEvent {
    /// The message for people and its level; nil for events that only programs need.
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
            let held = shards.isEmpty ? "no shards and is idle" : list(shards.sorted())
            return (.info, "worker \(worker) holds \(held)")
        case .lanesIdle(let lanes, let shards, let recommended):
            return (
                .warning,
                "\(lanes - shards) of \(lanes) lanes stand idle: there are \(shards) shards; "
                    + "--shards \(recommended) keeps all lanes of a new run busy"
            )
        case .left(let worker, let reason, let members, let owed):
            let debt = owed.map { "; \($0.ofAbsent)" } ?? ""
            return (.warning, "worker \(worker) left: \(reason); \(members) here\(debt)")
        case .late(let worker, let state, let owed, let times):
            guard isWorthLogging(times) else { return nil }
            return (.warning, "worker \(worker) is late: \(state); \(owed.ofLate)")
        case .standingBy(let worker, let seconds, let usual):
            return (
                .warning,
                "worker \(worker) stands by: its answers take \(milliseconds(seconds)), those of "
                    + "others \(milliseconds(usual))"
            )
        case .backFromStandby(let worker):
            return (.info, "worker \(worker) is fast again, and gets shards")
        case .refused(let peer, let reason): return (.warning, "\(peer) was refused: \(reason)")
        case .allowListChanged(let workers, let removed):
            let gone = removed.isEmpty ? "" : "; removed: \(removed.joined(separator: ", "))"
            return (.notice, "workers with a credential: \(workers)\(gone)")
        case .allowListUnusable(let reason):
            return (.error, "\(reason); until then the list of workers stays as it was")
        case .dropped(let peer, let reason, let total):
            guard isWorthLogging(total) else { return nil }
            return (.warning, "dropped a message from \(peer): \(reason) (\(total) so far)")
        case .flooded(let messages):
            let count = grouped(Double(messages))
            return (.warning, "dropped \(count) messages of unknown peers, and disconnected them")
        case .wrong(let worker, let step, let shards, let times):
            let order = times == 1 ? "" : ", for the \(times == 2 ? "second" : "\(times)th") time"
            return (
                .error,
                "worker \(worker) computed \(list(shards)) of step \(step) wrongly\(order): the "
                    + "coordinator computes different bits"
            )
        case .confirmedByWorkers(let worker, let step):
            return (
                .warning,
                "since step \(step), worker \(worker) and one other alone agreed on sums: they are "
                    + "wrong only if both lie"
            )
        case .rewinding(let step):
            return (
                .warning,
                "sums since step \(step + 1) may be wrong: going back to that step"
            )
        case .rewound(let step):
            return (.warning, "repeating from step \(step + 1), auditing all of its sums")
        case .paused(let members, let needed, let step):
            return (
                .warning, "training pauses after step \(step): \(members) here, \(needed) needed"
            )
        case .waiting(let members, let needed, let seconds):
            return (
                .warning, "waiting for workers for \(seconds) s: \(members) here, \(needed) needed"
            )
        case .beginningWithout(let workers, let seconds):
            return (
                .warning,
                "beginning without \(workers.joined(separator: ", ")): not ready \(Int(seconds)) s "
                    + "after enough others were"
            )
        case .training(let workers, let fromStep):
            let start = fromStep == 0 ? "" : " from step \(fromStep)"
            return (.info, "training\(start) with \(workers) worker\(workers == 1 ? "" : "s")")
        case .timed, .timing, .traced: return nil
        case .step(let report): return (.info, report.text)
        case .epoch(let report): return (.info, report.text)
        case .checkpoint(let path, let step, let isRequested):
            return isRequested
                ? (.notice, "checkpoint after step \(step) written to \(path)")
                : (.debug, "checkpoint of step \(step) written to \(path)")
        case .checkpointRequested(let signal, _, isKept: false):
            return (.notice, "\(signal): writing a checkpoint; training goes on")
        case .checkpointRequested(let signal, let step, isKept: true):
            return (
                .notice,
                "\(signal): the checkpoint after step \(step) is there already; training goes on"
            )
        case .stopping(let signal):
            return (
                .notice,
                "\(signal): finishing the step and writing a checkpoint; a second signal ends at once"
            )
        }
    }
}

private func list(_ shards: [Int]) -> String {
    "shard\(shards.count == 1 ? "" : "s") " + shards.map(String.init).joined(separator: " ")
}

extension OwedWork {
    /// The message about a missing worker's shards.
    fileprivate var ofAbsent: String {
        guard !shards.isEmpty else { return "step \(step) needs nothing from it" }
        let who = helpers.isEmpty ? "no worker" : helpers.joined(separator: " ")
        let verb = helpers.count > 1 ? "compute" : "computes"
        return waited + ", which \(who) \(verb) now"
    }

    /// The message about a late worker's shards.
    fileprivate var ofLate: String {
        guard !helpers.isEmpty else {
            return waited
                + ", and no worker is idle to compute \(shards.count == 1 ? "it" : "them") too"
        }
        let verb = helpers.count > 1 ? "compute" : "computes"
        return waited + ", which \(helpers.joined(separator: " ")) \(verb) too"
    }

    private var waited: String {
        "step \(step) has waited \(fixed(seconds, 2)) s for \(list(shards))"
    }
}

extension StepReport {
    /// The step line, in the format of PyTorch's tutorials.
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

/// A short time in milliseconds.
private func milliseconds(_ seconds: Double) -> String {
    fixed(1000 * seconds, 1) + " ms"
}
