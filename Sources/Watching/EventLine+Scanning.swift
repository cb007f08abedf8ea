import Bounds
import Monitoring

extension EventLine: ScannedLine {
    /// Reads a line of `events.jsonl`; nil if it is damaged or has an impossible number.
    ///
    /// All texts are made plain, because names and reasons come from other machines and the file
    /// may come from anyone.
    package init?(_ line: ArraySlice<UInt8>) {
        self.init(time: 0, event: "", level: "info")
        guard scan(line), !event.isEmpty else { return nil }
    }

    mutating func read(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault) {
        switch key {
        case "time": time = try scanner.number(Moment.self) ?? 0
        case "event": event = try scanner.text() ?? ""
        case "level": level = try scanner.text() ?? "info"
        case "text": text = try scanner.text()
        case "worker": worker = try scanner.text()
        case "host": host = try scanner.text()
        case "namespace": namespace = try scanner.text()
        case "address": address = try scanner.text()
        case "kernels": kernels = try scanner.text()
        case "reason": reason = try scanner.text()
        case "peer": peer = try scanner.text()
        case "path": path = try scanner.text()
        case "signal": signal = try scanner.text()
        case "status": status = try scanner.text()
        case "version": version = try scanner.text()
        case "weights": weights = try scanner.text()
        case "seconds": seconds = try scanner.number(Seconds.self)
        case "usual": usual = try scanner.number(Seconds.self)
        case "shards", "workers", "failure", "metadata": try readParts(key, from: &scanner)
        default: try readNumber(key, from: &scanner)
        }
    }

    private mutating func readNumber(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault) {
        switch key {
        case "step": step = try scanner.whole(StepNumber.self)
        case "total_steps": totalSteps = try scanner.whole(StepNumber.self)
        case "epoch": epoch = try scanner.whole(EpochNumber.self)
        case "pid": pid = try scanner.whole(ProcessNumber.self)
        case "lanes": lanes = try scanner.whole(LaneCount.self)
        case "members": members = try scanner.whole(StepNumber.self)
        case "needed": needed = try scanner.whole(StepNumber.self)
        case "times": times = try scanner.whole(StepNumber.self)
        default: try scanner.skip()
        }
    }

    private mutating func readParts(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault) {
        switch key {
        case "shards":
            var all: [Int] = []
            try scanner.array { scanner throws(LineScanner.Fault) in
                all.append(try scanner.whole(ShardNumber.self))
            }
            shards = all
        case "workers":
            var all: [String] = []
            try scanner.array { scanner throws(LineScanner.Fault) in
                all.append(try scanner.text() ?? "")
            }
            workers = all
        case "failure": failure = try ProcessFailure(from: &scanner)
        default:
            var pairs: [String: String] = [:]
            try scanner.object { scanner, key throws(LineScanner.Fault) in
                pairs[plainText(key, limit: LineScanner.longestText)] = try scanner.text()
            }
            metadata = pairs
        }
    }
}

extension ProcessFailure {
    fileprivate init(from scanner: inout LineScanner) throws(LineScanner.Fault) {
        self.init(process: "", pid: 0, lines: [])
        try scanner.object { scanner, key throws(LineScanner.Fault) in
            switch key {
            case "process": process = try scanner.text() ?? ""
            case "host": host = try scanner.text() ?? ""
            case "pid": pid = try scanner.whole(ProcessNumber.self)
            case "status": status = try scanner.whole(ProcessNumber.self)
            case "signal": signal = try scanner.whole(ProcessNumber.self)
            case "lines":
                try scanner.array { scanner throws(LineScanner.Fault) in
                    lines.append(try scanner.text() ?? "")
                }
            default: try scanner.skip()
            }
        }
    }
}
