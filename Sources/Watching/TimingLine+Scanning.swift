import Bounds
import Monitoring
import RunEvents

extension TimingLine: ScannedLine {
    /// Reads a line of `timing.jsonl`; nil if it is damaged or has an impossible number.
    package init?(_ line: ArraySlice<UInt8>) {
        self.init(time: 0, interval: 0, seconds: 0, epoch: 0, step: 0)
        guard scan(line), report.interval > 0 else { return nil }
    }

    mutating func read(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault) {
        switch key {
        case "time": time = try scanner.number(Moment.self) ?? 0
        case "interval": report.interval = try scanner.number(Seconds.self) ?? 0
        case "seconds": report.seconds = try scanner.number(Seconds.self) ?? 0
        case "epoch": report.epoch = try scanner.whole(EpochNumber.self)
        case "step": report.step = try scanner.whole(StepNumber.self)
        case "steps": report.steps = try scanner.whole(StepNumber.self)
        case "examples": report.examples = try scanner.whole(StepNumber.self)
        case "loss": report.loss = try scanner.number()
        case "accuracy": report.accuracy = try scanner.number()
        case "learning_rate": report.learningRate = try scanner.number()
        case "bound": report.bound = try scanner.text()
        case "phases": try report.phases.read(from: &scanner)
        case "traffic": try report.traffic.read(from: &scanner)
        case "durations":
            try scanner.array { scanner throws(LineScanner.Fault) in
                report.durations.append(try scanner.whole(StepNumber.self))
            }
        case "workers":
            try scanner.array { scanner throws(LineScanner.Fault) in
                report.workers.append(try TimingReport.WorkerTiming(from: &scanner))
            }
        default: try scanner.skip()
        }
    }
}

extension TimingReport.Phases {
    /// The phases with their names, in the order of a step.
    public static let parts: [(name: String, path: WritableKeyPath<Self, Double> & Sendable)] = [
        ("send", \.send), ("first", \.first), ("wait", \.wait), ("reduce", \.reduce),
        ("update", \.update), ("record", \.record), ("other", \.other),
    ]

    fileprivate mutating func read(from scanner: inout LineScanner) throws(LineScanner.Fault) {
        try scanner.object { scanner, key throws(LineScanner.Fault) in
            guard let value = try scanner.number(Seconds.self) else { return }
            switch key {
            case "send": send = value
            case "first": first = value
            case "wait": wait = value
            case "reduce": reduce = value
            case "update": update = value
            case "record": record = value
            case "other": other = value
            default: break
            }
        }
    }

    /// Adds another interval's times.
    static func += (left: inout Self, right: Self) {
        left.send += right.send
        left.first += right.first
        left.wait += right.wait
        left.reduce += right.reduce
        left.update += right.update
        left.record += right.record
        left.other += right.other
    }
}

extension TimingReport.Traffic {
    fileprivate mutating func read(from scanner: inout LineScanner) throws(LineScanner.Fault) {
        try scanner.object { scanner, key throws(LineScanner.Fault) in
            let value = try scanner.whole(StepNumber.self)
            switch key {
            case "bytes_sent": bytesSent = value
            case "bytes_received": bytesReceived = value
            case "messages_sent": messagesSent = value
            case "messages_received": messagesReceived = value
            default: break
            }
        }
    }

    /// Adds another interval's messages, without overflow even if a file has absurd numbers.
    static func += (left: inout Self, right: Self) {
        left.bytesSent = left.bytesSent.addingWithLimit(right.bytesSent)
        left.bytesReceived = left.bytesReceived.addingWithLimit(right.bytesReceived)
        left.messagesSent = left.messagesSent.addingWithLimit(right.messagesSent)
        left.messagesReceived = left.messagesReceived.addingWithLimit(right.messagesReceived)
    }
}

extension Int {
    /// The sum, clamped to the largest integer.
    func addingWithLimit(_ other: Int) -> Int {
        let (sum, hasOverflowed) = addingReportingOverflow(other)
        return hasOverflowed ? .max : sum
    }
}

extension TimingReport.WorkerTiming {
    fileprivate init(from scanner: inout LineScanner) throws(LineScanner.Fault) {
        self.init(worker: "")
        try scanner.object { scanner, key throws(LineScanner.Fault) in
            switch key {
            case "worker": worker = try scanner.text() ?? ""
            case "steps": steps = try scanner.whole(StepNumber.self)
            case "shards": shards = try scanner.number(Seconds.self) ?? 0
            case "answer": answer = try scanner.number(Seconds.self) ?? 0
            case "busy": busy = try scanner.number(Seconds.self) ?? 0
            case "lateness": lateness = try scanner.number(Seconds.self) ?? 0
            case "bytes_sent": bytesSent = try scanner.whole(StepNumber.self)
            case "bytes_received": bytesReceived = try scanner.whole(StepNumber.self)
            case "audits": audits = try scanner.whole(StepNumber.self)
            case "lanes":
                try scanner.array { scanner throws(LineScanner.Fault) in
                    guard lanes.count < TimedLaneCount.limits.range.upperBound else {
                        return try scanner.skip()
                    }
                    lanes.append(try scanner.number(Seconds.self) ?? 0)
                }
            default: try scanner.skip()
            }
        }
    }
}
