import RunEvents

/// A line of `timing.jsonl`: how about a second of a run was spent, and when.
@dynamicMemberLookup
public struct TimingLine: Codable, Sendable, Equatable {
    /// The time per phase, by the coordinator's clock.
    public typealias Phases = TimingReport.Phases
    /// Messages and bytes.
    public typealias Traffic = TimingReport.Traffic
    /// The measurements of a worker.
    public typealias WorkerTiming = TimingReport.WorkerTiming

    /// The end of the interval, in seconds since 1970 (UTC).
    public var time: Double
    /// The coordinator's measurements; in the file their fields are beside the time.
    public var report: TimingReport

    /// A report that ends at `time`.
    public init(time: Double, _ report: TimingReport) {
        self.time = time
        self.report = report
    }

    /// An empty interval.
    public init(time: Double, interval: Double, seconds: Double, epoch: Int, step: Int) {
        self.init(
            time: time,
            TimingReport(interval: interval, seconds: seconds, epoch: epoch, step: step))
    }

    /// A field of the report.
    public subscript<Value>(dynamicMember path: WritableKeyPath<TimingReport, Value>) -> Value {
        get { report[keyPath: path] }
        set { report[keyPath: path] = newValue }
    }

    private enum CodingKeys: CodingKey { case time }

    /// Reads the time and the report's fields beside it.
    public init(from decoder: any Decoder) throws {
        time = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .time)
        report = try TimingReport(from: decoder)
    }

    /// Writes the time and the report's fields beside it.
    public func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(time, forKey: .time)
    }
}
