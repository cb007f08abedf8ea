import FoundationEssentials
import NeuralNetwork
import Testing

@Suite("Architectures")
struct ArchitectureTests {
    @Test("an architecture reads back as it was written")
    func roundTrip() throws {
        let architecture = Architecture(
            nonlinearity: .relu, imageRows: 27, imageColumns: 28, hiddenSize: 8_192, layers: 64,
            classes: 256)
        let text = try JSONEncoder().encode(architecture)
        #expect(try JSONDecoder().decode(Architecture.self, from: text) == architecture)
    }

    @Test(
        "sizes that no network could have are refused",
        arguments: ["inputSize", "timeSteps", "hiddenSize", "layers", "classes"],
        [0, -1, 65_537, 1 << 60, .max, .min])
    func impossibleSize(key: String, size: Int) {
        #expect(throws: DecodingError.self) { try decode([key: "\(size)"]) }
    }

    @Test("a classifier needs two classes")
    func oneClass() {
        #expect(throws: DecodingError.self) { try decode(["classes": "1"]) }
    }

    @Test(
        "what is not an architecture is refused",
        arguments: [
            ("cell", "\"transformer\""), ("nonlinearity", "\"sigmoid\""), ("layers", "1.5"),
            ("layers", "\"1\""), ("layers", "null"), ("hiddenSize", "1e30"), ("cell", "{}"),
        ])
    func wrongValue(key: String, value: String) {
        #expect(throws: DecodingError.self) { try decode([key: value]) }
    }

    /// Decodes a possible architecture but for the given values.
    private func decode(_ changes: [String: String]) throws -> Architecture {
        let possible = [
            "cell": "\"rnn\"", "nonlinearity": "\"tanh\"", "inputSize": "28", "timeSteps": "28",
            "hiddenSize": "20", "layers": "1", "classes": "10",
        ]
        let pairs = possible.merging(changes) { $1 }.map { "\"\($0)\": \($1)" }
        let text = "{\(pairs.joined(separator: ", "))}"
        return try JSONDecoder().decode(Architecture.self, from: Data(text.utf8))
    }
}
