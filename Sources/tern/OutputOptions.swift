import ArgumentParser
import Training

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
    func show(_ result: some Encodable, text: () -> String) {
        switch format {
        case .text: print(text())
        case .json: print(jsonText(result, isPretty: true, isSnakeCase: true))
        }
    }
}
