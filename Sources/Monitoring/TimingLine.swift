import Training

/// A line of `timing.jsonl`: where the time of about a second of a run went, and when that was.
@dynamicMemberLookup
public struct TimingLine: Codable, Sendable, Equatable {
    /// Where the time went, by the coordinator's clock.
    public typealias Phases = TimingReport.Phases
    /// Messages and bytes.
    public typealias Traffic = TimingReport.Traffic
    /// What was learnt of a worker.
    public typealias WorkerTiming = TimingReport.WorkerTiming

    /// When the interval ended, since 1970 (UTC).
    public var time: Double
    /// What the coordinator measured; in the file its fields stand beside the time.
    public var report: TimingReport

    /// What was measured until `time`.
    public init(time: Double, _ report: TimingReport) {
        self.time = time
        self.report = report
    }

    /// An interval in which nothing has happened yet.
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
