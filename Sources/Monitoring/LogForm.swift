import Glibc

/// How log lines are printed.
public enum LogForm: Sendable {
    /// The message alone, for a person at a terminal.
    case plain
    /// The message after time, level, host and process, so that `sort` merges what many processes print.
    case prefixed
    /// An object a line, as in `events.jsonl`.
    case json

    /// The form of what standard output gets.
    ///
    /// - Parameters:
    ///   - format: the format that was asked for.
    ///   - isOneOfMany: whether the process is one of several whose output a person may want to merge.
    public init(_ format: LogFormat?, isOneOfMany: Bool) {
        self =
            switch format {
            case .json: .json
            case .text where isatty(STDOUT_FILENO) == 0: .prefixed
            case nil where isOneOfMany && isatty(STDOUT_FILENO) == 0: .prefixed
            case .text, nil: .plain
            }
    }

    /// An event as it is printed; nil where this form leaves it out.
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

/// The formats of a log that a person can ask for.
public enum LogFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// An object a line for programs.
    case json
}

extension EventLine {
    /// What a person is told, with the metadata; nil where only programs want to know.
    var message: String? {
        guard let text, let metadata, !metadata.isEmpty else { return text }
        let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(text) [\(pairs.joined(separator: " "))]"
    }
}
