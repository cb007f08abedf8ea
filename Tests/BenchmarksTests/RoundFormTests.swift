import Benchmarks
import NeuralNetwork
import Testing

@Suite("The network of a measured round") struct RoundFormTests {
    @Test(
        "has about the requested number of parameters and one time step",
        arguments: [2_000, 21_000, 100_000, 1_000_000, 8_000_000])
    func size(values: Int) throws {
        let form = RoundForm(values: values)
        let dataset = try form.dataset(examples: 4)
        let architecture = Architecture(
            imageRows: dataset.train.shape.rows, imageColumns: dataset.train.shape.columns,
            hiddenSize: form.hidden, layers: 1, classes: dataset.classes)
        #expect(architecture.timeSteps == 1)
        let count = ParameterLayout(architecture).count
        #expect(count <= values && count > values - form.hidden)
    }

    @Test("rounds its shards up to a power of two")
    func powers() {
        #expect([1, 2, 3, 4, 5, 64].map(smallestPowerOfTwo) == [1, 2, 4, 4, 8, 64])
    }
}
