import ArgumentParser
import Monitoring
import Training
import ZeroMQ

/// How a command tells its result.
struct OutputOptions: ParsableArguments {
    /// The forms of a result.
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
    /// - Parameter signals: what may ask to stop while a slow reader is waited for.
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
