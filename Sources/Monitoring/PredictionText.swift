import Training

/// A prediction as text: an image drawn beside its ranked probabilities, or one line.
package struct PredictionText {
    private let name: String
    private let notes: [String]
    private let prediction: Prediction

    /// A prediction for an image, with notes on how the image was prepared.
    package init(name: String, notes: [String], prediction: Prediction) {
        // A path may contain control characters, which would disturb a terminal or a table.
        self.name = String(name.map { $0.isNewline || $0 == "\t" || $0 == "\u{1b}" ? "?" : $0 })
        self.notes = notes
        self.prediction = prediction
    }

    /// Name, class, probability and notes, separated by tabs.
    package var line: String {
        let best = prediction.best
        return [
            name, "\(best)", percent(Double(prediction.probabilities[best])),
            notes.joined(separator: ", "),
        ].joined(separator: "\t")
    }

    /// The pixels [rows, columns] drawn beside the likeliest classes, below a line with the notes.
    package func drawing(of pixels: [UInt8], columns: Int) -> String {
        let picture = blocks(pixels, columns: columns)
        let width = picture.first?.count ?? 0
        let bars = prediction.ranking.prefix(max(10, picture.count)).map(bar)
        let lines = (0..<max(picture.count, bars.count)).map { line in
            let left = line < picture.count ? picture[line] : String(repeating: " ", count: width)
            return line < bars.count ? "  \(left)  \(bars[line])" : "  \(left)"
        }
        let heading = notes.isEmpty ? name : "\(name): \(notes.joined(separator: ", "))"
        return ([heading] + lines).joined(separator: "\n") + "\n"
    }

    private func bar(_ label: Int) -> String {
        let share = Double(prediction.probabilities[label])
        let filled = share.isNaN ? 0 : Int((max(0, min(share, 1)) * 20).rounded())
        let text = percent(share)
        return left(4 - "\(label)".count) + "\(label)  " + left(7 - text.count) + text + "  "
            + String(repeating: "█", count: filled)
    }

    private func left(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    /// Draws two rows of pixels per line with half blocks, at most 40 columns wide.
    private func blocks(_ pixels: [UInt8], columns: Int) -> [String] {
        let rows = pixels.count / columns
        let step = (columns + 39) / 40
        func isBright(_ row: Int, _ column: Int) -> Bool {
            row < rows && pixels[row * columns + column] >= 96
        }
        return stride(from: 0, to: rows, by: 2 * step).map { row in
            String(
                stride(from: 0, to: columns, by: step).map { column -> Character in
                    switch (isBright(row, column), isBright(row + step, column)) {
                    case (true, true): "█"
                    case (true, false): "▀"
                    case (false, true): "▄"
                    case (false, false): " "
                    }
                })
        }
    }
}
