import Foundation
import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Label smoothing")
struct LabelSmoothingTests {
    @Test("gives PyTorch's loss and gradients", arguments: Kernels.supported)
    func pyTorch(kernels: any KernelSet.Type) throws {
        let folder = try #require(Bundle.module.resourcePath)
        let fixture = try Fixture(path: "\(folder)/Fixtures/lstm-1.safetensors")
        func number(_ key: String) throws -> Int {
            try #require(fixture.metadata[key].flatMap { Int($0) })
        }
        let architecture = try Architecture(
            cell: .lstm, imageRows: number("rows"), imageColumns: number("columns"),
            hiddenSize: number("hidden"), layers: number("layers"), classes: 10)
        let layout = ParameterLayout(architecture)
        let batch = try Batch(
            pixels: fixture.bytes("batch0.images"), labels: fixture.bytes("batch0.labels"))
        let rows = batch.labels.count
        let network = try Network(
            architecture,
            parameters: layout.tensors.flatMap { try fixture.floats("initial.\($0.name)") },
            capacity: rows, kernels: kernels)

        let smoothing = try #require(fixture.metadata["label_smoothing"].flatMap(Double.init))
        let loss = network.run(batch, smoothing: smoothing).meanLoss
        let expected = try #require(try fixture.doubles("loss_smoothed").first)
        #expect((loss / expected - 1).magnitude < 1e-6)
        let gradients = network.gradients(of: 0..<rows, rows: rows).map { $0 / Float(rows) }
        for tensor in layout.tensors {
            let distance = relativeDistance(
                tensor.part(of: gradients), from: try fixture.floats("smoothed.\(tensor.name)"))
            #expect(distance < 1e-5, "\(tensor.name)")
        }
    }
}
