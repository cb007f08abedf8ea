import FoundationEssentials
import NeuralNetwork
import Testing

@Suite("An architecture")
struct ArchitectureTests {
    @Test("reads back as it was written")
    func roundTrip() throws {
        for architecture in SampleArchitectures.forms + SampleArchitectures.sequences + [
            Architecture(
                cell: .gru, nonlinearity: .relu, imageRows: 27, imageColumns: 28,
                sequence: .permuted, hiddenSize: 8_192, layers: 64, isBidirectional: true,
                dropout: 0.1, readout: .mean, classes: 256)
        ] {
            let text = try JSONEncoder().encode(architecture)
            #expect(try JSONDecoder().decode(Architecture.self, from: text) == architecture)
        }
    }

    @Test("decodes if undamaged, as the other tests assume")
    func possible() throws {
        let architecture = try decode([:])
        #expect(architecture.cell == .rnn && architecture.imageRows == 28)
    }

    @Test("derives time steps and their size from the reading order")
    func timeSteps() {
        let expected: [(SequenceOrder, timeSteps: Int, inputSize: Int)] = [
            (.rows, 5, 7), (.columns, 7, 5), (.pixels, 35, 1), (.permuted, 35, 1),
        ]
        for (sequence, timeSteps, inputSize) in expected {
            let architecture = Architecture(
                imageRows: 5, imageColumns: 7, sequence: sequence, hiddenSize: 3, layers: 1,
                classes: 2)
            #expect(architecture.timeSteps == timeSteps, "\(sequence)")
            #expect(architecture.inputSize == inputSize, "\(sequence)")
        }
    }

    @Test(
        "rejects impossible sizes",
        arguments: ["imageRows", "imageColumns", "hiddenSize", "layers", "classes"],
        [0, -1, 65_537, 1 << 60, .max, .min])
    func impossibleSize(key: String, size: Int) {
        #expect(throws: DecodingError.self) { try decode([key: "\(size)"]) }
    }

    @Test("needs at least two classes")
    func oneClass() {
        #expect(throws: DecodingError.self) { try decode(["classes": "1"]) }
    }

    @Test(
        "rejects invalid values",
        arguments: [
            ("cell", "\"transformer\""), ("nonlinearity", "\"sigmoid\""), ("layers", "1.5"),
            ("layers", "\"1\""), ("layers", "null"), ("hiddenSize", "1e30"), ("cell", "{}"),
            ("cell", "\"LSTM\""), ("sequence", "\"diagonals\""), ("sequence", "0"),
            ("isBidirectional", "2"), ("isBidirectional", "\"yes\""),
            ("isBidirectional", "null"), ("readout", "\"first\""), ("readout", "null"),
            ("element", "\"float16\""), ("element", "4"),
            ("convolutions", "[0]"), ("convolutions", "[4097]"), ("convolutions", "[8, -1]"),
            ("convolutions", "[1, 1, 1, 1, 1]"), ("convolutions", "[1e30]"),
            ("convolutions", "8"), ("convolutions", "null"), ("dropout", "1"), ("dropout", "-0.1"),
            ("dropout", "1.5"), ("dropout", "1e400"),
            ("dropout", "\"0.5\""), ("dropout", "null"),
        ])
    func wrongValue(key: String, value: String) {
        #expect(throws: DecodingError.self) { try decode([key: value]) }
    }

    @Test(
        "with convolutions must be read by rows",
        arguments: SequenceOrder.allCases.filter { $0 != .rows })
    func convolutionOrder(sequence: SequenceOrder) throws {
        let changes = ["convolutions": "[8, 16]", "sequence": "\"\(sequence)\""]
        #expect(throws: DecodingError.self) { try decode(changes) }
        let architecture = try decode(["convolutions": "[8, 16]"])
        #expect(architecture.timeSteps == 7 && architecture.inputSize == 16 * 7)
    }

    @Test(
        "rejects a missing field",
        arguments: [
            "imageRows", "imageColumns", "convolutions", "sequence", "cell", "nonlinearity",
            "hiddenSize", "layers",
            "isBidirectional", "dropout", "readout", "classes",
        ])
    func missing(key: String) {
        #expect(throws: DecodingError.self) { try decode([key: nil]) }
    }

    /// Decodes a valid architecture with the given changes; a nil value removes its field.
    @discardableResult
    private func decode(_ changes: [String: String?]) throws -> Architecture {
        let possible: [String: String?] = [
            "imageRows": "28", "imageColumns": "28", "convolutions": "[]", "sequence": "\"rows\"",
            "cell": "\"rnn\"",
            "nonlinearity": "\"tanh\"", "hiddenSize": "20", "layers": "1",
            "isBidirectional": "false", "dropout": "0", "readout": "\"last\"", "classes": "10",
        ]
        let pairs = possible.merging(changes) { $1 }.compactMap { key, value in
            value.map { "\"\(key)\": \($0)" }
        }
        let text = "{\(pairs.joined(separator: ", "))}"
        return try JSONDecoder().decode(Architecture.self, from: Data(text.utf8))
    }
}
