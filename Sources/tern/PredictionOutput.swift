import Files
import Glibc
import Images
import Monitoring
import Training

/// Writes predictions to standard output: drawings for people, or lines or JSON for programs.
struct PredictionOutput {
    /// An element of the JSON array: a prediction, or the reason why there is none.
    private struct Entry: Encodable {
        let image: String
        var `class`: Int?
        var probabilities: [Float]?
        var notes: [String]?
        var error: String?
    }

    private let format: PredictCommand.Format
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var entries: [Entry] = []

    init(_ format: PredictCommand.Format) { self.format = format }

    /// Prints the prediction for a picture, or adds it to the JSON array.
    mutating func add(_ name: String, _ picture: Picture, _ prediction: Prediction) throws {
        guard format == .text else {
            let entry = Entry(
                image: name, class: prediction.best, probabilities: prediction.probabilities,
                notes: picture.notes)
            return entries.append(entry)
        }
        let text = PredictionText(name: name, notes: picture.notes, prediction: prediction)
        try write(
            isTerminal
                ? text.drawing(of: picture.pixels, columns: picture.columns) : text.line)
    }

    /// Adds the reason why there is no prediction to the JSON array.
    mutating func add(_ name: String, error: String) {
        entries.append(Entry(image: name, error: error))
    }

    /// Prints the JSON array.
    func finish() throws {
        if format == .json { try write(jsonText(entries)) }
    }

    private func write(_ text: String) throws {
        try Output.line(text)
    }
}
