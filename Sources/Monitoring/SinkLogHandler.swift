import Logging

/// Passes swift-log's messages to a ``LogSink``.
public struct SinkLogHandler: LogHandler {
    private let sink: LogSink
    /// The lowest level that is logged.
    public var logLevel: Logger.Level
    /// Metadata of all messages.
    public var metadata: Logger.Metadata = [:]
    /// The provider of context at the time of a message.
    public var metadataProvider: Logger.MetadataProvider?

    /// A handler for a sink.
    public init(_ sink: LogSink, level: Logger.Level) {
        self.sink = sink
        logLevel = level
    }

    /// One value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs a message, as an event with the name `log`.
    public func log(event: LogEvent) {
        var line = EventLine(now: "log", event.level, "\(event.message)")
        // The more specific metadata wins.
        let context = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
            .merging(event.metadata ?? [:]) { $1 }
        if !context.isEmpty { line.metadata = context.mapValues { "\($0)" } }
        sink.emit(line, from: logLevel)
    }
}
