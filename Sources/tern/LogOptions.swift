import ArgumentParser
import FoundationEssentials
import Logging
import Monitoring

/// The options of logging.
///
/// An option overrides its variable.
struct LogOptions: ParsableArguments {
    @Option(help: .setting(\.logLevel)) var logLevel: Logger.Level?

    @Option(
        help: """
            Format of the log: text, or a JSON object a line. (default: text)
            """)
    var logFormat: LogFormat?

    /// The requested level, if any.
    ///
    /// - Throws: ``Failure`` if the variable is invalid.
    var level: Logger.Level? {
        get throws { try logLevel ?? Self.value(of: "TERN_LOG_LEVEL") }
    }

    /// The form of log lines.
    ///
    /// - Parameter isOneOfMany: whether people may want to merge the output with that of other
    ///   processes.
    /// - Throws: ``Failure`` if the variable is invalid.
    func form(isOneOfMany: Bool) throws -> LogForm {
        LogForm(try logFormat ?? Self.value(of: "TERN_LOG_FORMAT"), isOneOfMany: isOneOfMany)
    }

    /// The value of a variable; nil if it is unset or empty.
    private static func value<Value: RawRepresentable & CaseIterable>(
        of variable: String
    ) throws -> Value? where Value.RawValue == String {
        let text = ProcessInfo.processInfo.environment[variable] ?? ""
        guard !text.isEmpty else { return nil }
        guard let value = Value(rawValue: text) else {
            let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(
                status: ExitStatus.usage,
                message: "\(variable) is '\(text)', but must be one of \(all)")
        }
        return value
    }
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
