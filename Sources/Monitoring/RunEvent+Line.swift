import Logging
import RunEvents

extension RunEvent {
    /// The event with its name and fields; nil if it gets no line.
    package func line(at time: Double) -> EventLine? {
        guard let text, let name else { return nil }
        var line = EventLine(
            time: time, event: name, level: text.level.rawValue, text: text.message)
        addWorker(to: &line)
        addRun(to: &line)
        return line
    }

    /// The stable name; nil for events that have their own file.
    package var name: String? {
        switch self {
        case .joined: "worker_joined"
        case .assigned: "shards_assigned"
        case .lanesIdle: "lanes_idle"
        case .left: "worker_left"
        case .late: "worker_late"
        case .standingBy: "worker_standing_by"
        case .backFromStandby: "worker_back"
        case .refused: "peer_refused"
        case .allowListChanged: "allow_list_changed"
        case .allowListUnusable: "allow_list_unusable"
        case .dropped: "message_dropped"
        case .flooded: "flood_dropped"
        case .wrong: "worker_wrong"
        case .confirmedByWorkers: "sums_confirmed"
        case .rewinding: "run_rewinding"
        case .rewound: "run_rewound"
        case .paused: "run_paused"
        case .waiting: "run_waiting"
        case .beginningWithout: "beginning_without"
        case .training: "training_started"
        case .timed, .timing, .traced: nil
        case .step: "step"
        case .epoch: "epoch"
        case .checkpoint: "checkpoint_written"
        case .checkpointRequested: "checkpoint_requested"
        case .stopping: "run_stopping"
        }
    }

    /// Adds the fields about one worker or peer.
    private func addWorker(to line: inout EventLine) {
        switch self {
        case .joined(let worker, let members):
            line.about(worker.name)
            line.address = worker.address
            line.lanes = worker.lanes
            line.kernels = worker.kernels
            line.members = members
        case .assigned(let worker, let shards):
            line.about(worker)
            line.shards = shards.sorted()
        case .left(let worker, let reason, let members, let owed):
            line.about(worker)
            line.reason = reason
            line.members = members
            if let owed { line.add(owed) }
        case .late(let worker, let state, let owed, let times):
            line.about(worker)
            line.reason = state
            line.times = times
            line.add(owed)
        case .standingBy(let worker, let seconds, let usual):
            line.about(worker)
            (line.seconds, line.usual) = (seconds, usual)
        case .backFromStandby(let worker): line.about(worker)
        case .refused(let peer, let reason):
            line.peer = peer
            line.reason = reason
        case .dropped(let peer, let reason, let total):
            line.peer = peer
            line.reason = reason
            line.times = total
        case .wrong(let worker, let step, let shards, let times):
            line.about(worker)
            line.step = step
            line.shards = shards.sorted()
            line.times = times
        case .confirmedByWorkers(let worker, let step):
            line.about(worker)
            line.step = step
        default: break
        }
    }

    /// Adds the fields about the run.
    private func addRun(to line: inout EventLine) {
        switch self {
        case .allowListChanged(let workers, let removed):
            line.members = workers
            line.workers = removed
        case .allowListUnusable(let reason): line.reason = reason
        case .lanesIdle(let lanes, _, let recommended):
            (line.lanes, line.needed) = (lanes, recommended)
        case .flooded(let messages): line.times = messages
        case .rewinding(let step), .rewound(let step): line.step = step
        case .paused(let members, let needed, let step):
            (line.members, line.needed, line.step) = (members, needed, step)
        case .waiting(let members, let needed, let seconds):
            (line.members, line.needed, line.seconds) = (members, needed, Double(seconds))
        case .beginningWithout(let workers, let seconds):
            (line.workers, line.seconds) = (workers, seconds)
        case .training(let workers, let fromStep):
            (line.members, line.step) = (workers, fromStep)
        case .step(let report):
            (line.step, line.epoch, line.seconds) = (report.step, report.epoch, report.seconds)
        case .epoch(let report):
            (line.step, line.epoch, line.seconds) = (report.step, report.epoch, report.seconds)
        case .checkpoint(let path, let step, _): (line.path, line.step) = (path, step)
        case .checkpointRequested(let signal, let step, _):
            (line.signal, line.step) = (signal, step)
        case .stopping(let signal): line.signal = signal
        default: break
        }
    }
}

extension EventLine {
    /// Names the worker concerned, and its machine.
    fileprivate mutating func about(_ name: String) {
        worker = name
        // The form is CREDENTIAL/HOST:PID; the credential and the process are optional.
        let last = name.split(separator: "/").last ?? ""
        host = last.lastIndex(of: ":").map { String(last[..<$0]) } ?? String(last)
    }

    fileprivate mutating func add(_ owed: OwedWork) {
        step = owed.step
        shards = owed.shards.sorted()
        seconds = owed.seconds
        workers = owed.helpers
    }
}
