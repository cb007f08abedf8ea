import Protocol
import Training

// Messages and events in few words, for the trace.

extension SlotRange {
    fileprivate var summary: String { "slots \(first)..<\(first + count)" }
}

extension WorkerMessage {
    var summary: String {
        switch self {
        case .hello(let hello): "hello from \(hello.host):\(hello.pid)"
        case .ready(let range): "ready with \(range.summary)"
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
        case .assign(let range): "assign \(range.summary)"
        case .shardPart(let part):
            "\(part.count) examples of shard \(part.shard) from \(part.first)"
        case .weights(let work): "weights of step \(work.step), compute \(work.range.summary)"
        case .compute(let work): "compute \(work.range.summary) of step \(work.step)"
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
        default: "\(self)"
        }
    }
}
