import Kernels
import NeuralNetwork
import TestSupport
import Testing
import Training

@Suite("Shard gradients of every cell")
struct CellGradientsTests {
    /// Networks whose rows could meet in some way of their own: by gates, directions or dropout.
    enum Form: CaseIterable {
        case lstm, gru, reluOfBothDirections, lstmOfBothDirectionsWithDropout, gruWithDropout

        var architecture: Architecture {
            var architecture = smallArchitecture
            architecture.layers = 1
            switch self {
            case .lstm: architecture.cell = .lstm
            case .gru: architecture.cell = .gru
            case .reluOfBothDirections:
                architecture.nonlinearity = .relu
                architecture.isBidirectional = true
            case .lstmOfBothDirectionsWithDropout:
                architecture.cell = .lstm
                architecture.layers = 2
                architecture.isBidirectional = true
                architecture.dropout = 0.3
            case .gruWithDropout:
                architecture.cell = .gru
                architecture.layers = 3
                architecture.dropout = 0.5
                architecture.readout = .mean
            }
            return architecture
        }
    }

    @Test(
        "any number of workers and lanes gives the same sum to the last bit",
        arguments: Form.allCases, [(100, 16), (300, 2), (10, 16)])
    func anySplit(form: Form, sizes: (batch: Int, shards: Int)) throws {
        for kernels in Kernels.supported {
            let run = SmallRun(
                form.architecture, batchSize: sizes.batch, shards: sizes.shards, kernels)
            for step in [0, run.plan.stepsPerEpoch] {
                let slots = 0..<sizes.shards
                let expected = try #require(run.reduce([[slots]], step: step))
                for workers in [1, 2, 3, 5, 16] {
                    for lanes in [1, 3] {
                        let ranges = slots.cut(into: workers).map { $0.cut(into: lanes) }
                        let root = try #require(run.reduce(ranges, step: step))
                        let place = "step \(step), \(workers) workers of \(lanes) lanes"
                        let isSame =
                            root.gradients.values.bits == expected.gradients.values.bits
                        #expect(isSame, "\(place)")
                        #expect(root.tally == expected.tally, "\(place)")
                    }
                }
            }
        }
    }

    @Test(
        "the sum is that of one pass over the step's examples, within rounding",
        arguments: Kernels.supported, Form.allCases)
    func plainSum(kernels: any KernelSet.Type, form: Form) throws {
        let run = SmallRun(form.architecture, batchSize: 300, shards: 4, kernels)
        for step in [0, run.plan.stepsPerEpoch - 1] {
            let root = try #require(run.reduce([[0..<4]], step: step))
            let plain = run.plainSum(step: step)
            #expect(root.tally.correct == plain.tally.correct)
            #expect((root.tally.loss / plain.tally.loss - 1).magnitude < 1e-12)
            for tensor in run.layout.tensors {
                let part = tensor.offset..<tensor.offset + tensor.count
                let distance = relativeDistance(
                    root.gradients.values[part], from: plain.gradients[part])
                #expect(distance < 1e-5, "step \(step), \(tensor.name)")
            }
        }
    }

    @Test("every kernel set gives the same bits", arguments: Form.allCases)
    func agreement(form: Form) throws {
        let results = try Kernels.supported.map { kernels in
            let run = SmallRun(form.architecture, batchSize: 100, shards: 4, kernels)
            let root = try #require(run.reduce([[0..<4]], step: 1))
            return (root.gradients.values.bits, root.tally)
        }
        let first = try #require(results.first)
        #expect(results.allSatisfy { $0 == first })
    }

    @Test("the same examples drop other outputs in another step", arguments: Kernels.supported)
    func steps(kernels: any KernelSet.Type) throws {
        // A batch of the whole set: only the order and the draws tell its steps apart.
        func lossesOfTwoEpochs(_ architecture: Architecture) throws -> [Double] {
            let run = SmallRun(architecture, batchSize: 1_003, shards: 4, kernels)
            return try [0, 1].map { step in
                try #require(run.reduce([[0..<4]], step: step)).tally.loss
            }
        }
        var architecture = Form.lstmOfBothDirectionsWithDropout.architecture
        let dropping = try lossesOfTwoEpochs(architecture)
        architecture.dropout = 0
        let plain = try lossesOfTwoEpochs(architecture)
        #expect((dropping[0] / dropping[1] - 1).magnitude > 1e-6)
        #expect((plain[0] / plain[1] - 1).magnitude < 1e-12)
    }
}
