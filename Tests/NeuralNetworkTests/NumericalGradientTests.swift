import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Compared with a double-precision network,")
struct NumericalGradientTests {
    private static let architectures =
        SampleArchitectures.forms + SampleArchitectures.sequences + SampleArchitectures.edges
        + SampleArchitectures.convolutions

    @Test("logits and losses agree within rounding", arguments: architectures)
    func forward(architecture: Architecture) {
        expectForward(Sample(architecture))
    }

    @Test("every parameter's gradient is the numerical slope", arguments: architectures)
    func backward(architecture: Architecture) {
        expectGradients(Sample(architecture))
    }

    @Test(
        "dropout drops the same values of outputs and gradients",
        arguments: SampleArchitectures.forms.filter { $0.layers > 1 } + SampleArchitectures.edges)
    func dropout(architecture: Architecture) {
        var dropping = architecture
        dropping.dropout = 0.25
        let sample = Sample(dropping)
        expectForward(sample)
        expectGradients(sample)
    }

    @Test(
        "losses and gradients agree for smoothed labels",
        arguments: SampleArchitectures.edges + SampleArchitectures.convolutions, [0.1, 0.7])
    func smoothing(architecture: Architecture, share: Double) {
        let sample = Sample(architecture, smoothing: share)
        expectForward(sample)
        expectGradients(sample)
    }

    @Test(
        "rows that share blank time steps have the same logits and slopes",
        arguments: architectures)
    func sharing(architecture: Architecture) {
        for (first, last, dropout) in [(2, 1, 0.25), (architecture.timeSteps, 0, 0)] {
            var architecture = architecture
            architecture.dropout = dropout
            let sample = Sample(architecture, blank: (first, last))
            expectForward(sample)
            expectGradients(sample)
        }
    }

    private func expectForward(_ sample: Sample) {
        for kernels in Kernels.supported {
            let pass = sample.run(sample.network(kernels))
            for (row, image) in sample.batch.images.enumerated() {
                var reference = sample.reference
                reference.draws = sample.draws.isEmpty ? [] : [sample.draws[row]]
                let logits = reference.logits(of: image, draw: reference.draws.first)
                #expect(relativeDistance(pass.logits[row], from: logits) < 1e-6)
                let loss = reference.loss([image], [sample.batch.labels[row]])
                #expect((Double(pass.losses[row].loss) - loss).magnitude < 1e-6)
            }
        }
    }

    private func expectGradients(_ sample: Sample) {
        let slopes = sample.reference.numericalGradient(sample.batch.images, sample.batch.labels)
        for kernels in Kernels.supported {
            let network = sample.network(kernels)
            _ = sample.run(network)
            let gradients = network.gradients(of: 0..<Sample.rows, rows: Sample.rows)
            for tensor in network.layout.tensors {
                let distance = relativeDistance(
                    tensor.part(of: gradients), from: tensor.part(of: slopes))
                #expect(distance < 1e-5, "\(kernels.name), \(tensor.name)")
            }
        }
    }
}

/// Images, and a network with larger parameters than fresh ones, so that every unit matters.
private struct Sample {
    static let rows = 4
    let batch: Batch
    let reference: ReferenceNetwork
    private let parameters: [Float]
    private let isSharing: Bool

    var draws: [ReferenceDraw] { reference.draws }

    /// - Parameter blank: the number of blank first and last time steps, which rows may share.
    init(
        _ architecture: Architecture, smoothing: Double = 0,
        blank: (first: Int, last: Int)? = nil
    ) {
        parameters = randomValues(ParameterLayout(architecture).count, seed: 1, limit: 0.8)
        let images = Batch.random(Self.rows, for: architecture, seed: 2)
        batch = blank.map { images.blank(first: $0, last: $1, for: architecture) } ?? images
        isSharing = blank != nil
        let examples = architecture.dropout > 0 ? 0..<Self.rows : 0..<0
        reference = ReferenceNetwork(
            architecture: architecture, parameters: parameters.map(Double.init),
            draws: examples.map { ReferenceDraw(example: $0) }, smoothing: smoothing)
    }

    func network(_ kernels: any KernelSet.Type) -> Network {
        Network(
            reference.architecture, parameters: parameters, capacity: Self.rows, kernels: kernels)
    }

    /// Runs the images forward and backward, with the reference's dropout and label smoothing.
    func run(_ network: Network) -> Pass {
        network.run(
            batch, dropping: reference.draws, smoothing: reference.smoothing, sharing: isSharing)
    }
}
