import Kernels
import Monitoring
import Testing
import Training

@Suite("Predictions as text")
struct PredictionTextTests {
    private let text = PredictionText(
        name: "a\tb.png", notes: ["4x4", "inverted"],
        prediction: Prediction(logits: [0, 2, 1], kernels: Kernels.supported[0]))

    @Test("print one line of four columns to a pipe")
    func line() {
        #expect(text.line == "a?b.png\t1\t66.52%\t4x4, inverted")
    }

    @Test("show a drawing beside ranked bars on a terminal")
    func drawing() {
        let pixels: [UInt8] = [
            255, 0, 255, 0,
            0, 255, 255, 0,
            0, 0, 0, 0,
            0, 0, 0, 255,
        ]
        #expect(
            text.drawing(of: pixels, columns: 4) == """
                a?b.png: 4x4, inverted
                  ▀▄█      1   66.52%  █████████████
                     ▄     2   24.47%  █████
                           0    9.00%  ██

                """)
    }

    @Test("draw a large picture in at most 40 columns")
    func large() {
        let drawing = text.drawing(of: [UInt8](repeating: 255, count: 90 * 100), columns: 100)
        let lines = drawing.split(separator: "\n").dropFirst()
        #expect(lines.count == 15)
        #expect(lines.allSatisfy { $0.hasPrefix("  " + String(repeating: "█", count: 34)) })
    }
}
