import Bounds
import Glibc
import Logging

/// A log line of text: time, level, host and process, then the message.
///
/// The time comes first and always has the same length, so that `sort` merges the lines of many
/// processes.
package struct LogLine: Equatable {
    /// When it was logged, in seconds since 1970 (UTC).
    package var time: Double
    /// The level.
    package var level: Logger.Level
    /// Host and process, such as `node3:4711`.
    package var process: String
    /// The message.
    package var message: String

    /// This process.
    static let ownProcess = plainText("\(EventLine.ownHost):\(getpid())")

    /// A line with these fields.
    package init(time: Double, level: Logger.Level, process: String, message: String) {
        self.time = time
        self.level = level
        self.process = process
        self.message = message
    }

    /// The line without its line end.
    package var text: String { "\(timestamp(time)) \(level) \(process) \(message)" }

    /// Parses a line of another process; nil if it has another form.
    package init?(parsing text: String) {
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, let level = Logger.Level(rawValue: String(words[1])),
            let time = seconds(of: words[0])
        else { return nil }
        self.init(
            time: time, level: level, process: String(words[2]), message: String(words[3]))
    }
}

/// A time in the local time zone, such as `2026-11-29 07:27:06`.
package func localTimestamp(_ seconds: Double) -> String {
    var whole = time_t(max(0, min(seconds, 1e11)))
    var parts = tm()
    localtime_r(&whole, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A time in ISO 8601 (UTC) with microseconds, such as `2026-11-29T06:27:06.000123Z`.
package func timestamp(_ seconds: Double) -> String {
    let microseconds = Int((seconds * 1e6).rounded())
    var whole = time_t(microseconds / 1_000_000)
    var parts = tm()
    gmtime_r(&whole, &parts)
    func digits(_ value: some BinaryInteger, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = [
        digits(parts.tm_year + 1900, 4), digits(parts.tm_mon + 1, 2), digits(parts.tm_mday, 2),
    ]
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits($0, 2) }
    return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "."
        + digits(microseconds % 1_000_000, 6) + "Z"
}

/// Parses a ``timestamp(_:)`` to seconds since 1970; nil if the text is something else.
private func seconds(of text: Substring) -> Double? {
    guard let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z/)
    else { return nil }
    func number(_ digits: Substring) -> Int32 { Int32(digits) ?? 0 }
    let fields = match.output
    var parts = tm()
    parts.tm_year = number(fields.1) - 1900
    parts.tm_mon = number(fields.2) - 1
    parts.tm_mday = number(fields.3)
    parts.tm_hour = number(fields.4)
    parts.tm_min = number(fields.5)
    parts.tm_sec = number(fields.6)
    return Double(timegm(&parts)) + Double(number(fields.7)) / 1e6
}
