import ArgumentParser
import Files
import Monitoring
import ZeroMQ

/// The options for a command's result.
struct OutputOptions: ParsableArguments {
    /// The formats of a result.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// For people.
        case text
        /// A JSON object for programs.
        case json
    }

    @Option(help: "Format of the result: text, or a JSON object.")
    var format = Format.text

    /// Prints a result.
    ///
    /// - Parameter signals: the signals that may stop the wait for a slow reader.
    /// - Throws: ``OutputError`` if it cannot be printed.
    func show(
        _ result: some Encodable, hearing signals: SignalSource? = nil, text: () -> String
    ) throws(OutputError) {
        let line =
            switch format {
            case .text: text()
            case .json: jsonText(result, isPretty: true, isSnakeCase: true)
            }
        try Output.line(line, hearing: signals)
    }
}
