import Protocol
import RunEvents

// Short descriptions of messages and events, for the trace.

extension SlotRanges {
    fileprivate var summary: String { "slots " + ranges.map { "\($0)" }.joined(separator: " ") }
}

extension WorkerMessage {
    var summary: String {
        switch self {
        case .hello(let hello): "hello from \(hello.host):\(hello.pid)"
        case .ready(let ranges): "ready with \(ranges.summary)"
        case .fetch(let fetch): "fetch shard \(fetch.shard) from \(fetch.first)"
        case .partialSum(let sum):
            "partial sum of step \(sum.step), node \(sum.level)/\(sum.residue), "
                + "\(sum.examples) examples"
        case .status(let status): "status: \(status.phase)"
        case .leave(let notice): "leave: \(notice.reason)"
        }
    }
}

extension CoordinatorMessage {
    var summary: String {
        switch self {
        case .welcome: "welcome"
        case .refuse(let notice): "refuse: \(notice.reason)"
        case .assign(let ranges): "assign \(ranges.summary)"
        case .shardPart(let part):
            "\(part.count) examples of shard \(part.shard) from \(part.first)"
        case .weights(let work): "weights of step \(work.step), compute \(work.ranges.summary)"
        case .compute(let work): "compute \(work.ranges.summary) of step \(work.step)"
        case .ping: "ping"
        case .expel(let notice): "expel: \(notice.reason)"
        case .stop(let notice): "stop: \(notice.reason)"
        }
    }
}

extension RunEvent {
    var summary: String {
        switch self {
        case .joined(let worker, let members): "\(worker.name) has joined: \(members) workers"
        case .step(let report): "step \(report.step - 1) is made"
        default: unqualified(self)
        }
    }
}

/// A value's description without module names, so that a trace does not change when types move.
func unqualified(_ value: some Any) -> String {
    "\(value)".replacing(/\b[A-Z]\w*\.(?=[A-Z])/, with: "")
}
