import Glibc

/// How log lines are printed.
public enum LogForm: Sendable {
    /// The message alone, for a terminal.
    case plain
    /// The message after time, level, host and process, so that `sort` merges the output of many
    /// processes.
    case prefixed
    /// One object per line, as in `events.jsonl`.
    case json

    /// The form of standard output.
    ///
    /// - Parameters:
    ///   - format: the requested format.
    ///   - isOneOfMany: whether people may want to merge this process's output with that of others.
    public init(_ format: LogFormat?, isOneOfMany: Bool) {
        self =
            switch format {
            case .json: .json
            case .text where isatty(STDOUT_FILENO) == 0: .prefixed
            case nil where isOneOfMany && isatty(STDOUT_FILENO) == 0: .prefixed
            case .text, nil: .plain
            }
    }

    /// An event as it is printed; nil if this form leaves it out.
    func text(of line: EventLine) -> String? {
        switch self {
        case .plain: line.message.map { (line.urgency >= .warning ? "\(line.level): " : "") + $0 }
        case .prefixed:
            line.message.map { message in
                LogLine(
                    time: line.time, level: line.urgency, process: LogLine.ownProcess,
                    message: message
                ).text
            }
        case .json: line.json
        }
    }
}

/// The log formats that a user can request.
public enum LogFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// One object per line, for programs.
    case json
}

extension EventLine {
    /// The message for people with its metadata; nil for events that only programs need.
    var message: String? {
        guard let text, let metadata, !metadata.isEmpty else { return text }
        let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(text) [\(pairs.joined(separator: " "))]"
    }
}
