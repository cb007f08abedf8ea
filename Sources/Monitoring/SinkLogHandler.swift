import Logging

/// Hands swift-log's messages to a ``LogSink``.
public struct SinkLogHandler: LogHandler {
    private let sink: LogSink
    /// The least urgent level that is logged.
    public var logLevel: Logger.Level
    /// Context of all messages.
    public var metadata: Logger.Metadata = [:]
    /// What gives the context of the moment.
    public var metadataProvider: Logger.MetadataProvider?

    /// A handler for a sink.
    public init(_ sink: LogSink, level: Logger.Level) {
        self.sink = sink
        logLevel = level
    }

    /// One piece of context.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs a message, as an event with the name `log`.
    public func log(event: LogEvent) {
        var line = EventLine(now: "log", event.level, "\(event.message)")
        // What is nearer to the message wins.
        let context = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
            .merging(event.metadata ?? [:]) { $1 }
        if !context.isEmpty { line.metadata = context.mapValues { "\($0)" } }
        sink.emit(line, from: logLevel)
    }
}
