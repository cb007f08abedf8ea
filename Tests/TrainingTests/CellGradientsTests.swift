import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Shard gradients of every cell")
struct CellGradientsTests {
    /// Networks whose rows could affect each other in some special way: by gates, directions, dropout
    /// or maps.
    enum Form: CaseIterable {
        case lstm, gru, reluOfBothDirections, lstmOfBothDirectionsWithDropout, gruWithDropout
        case lstmBehindConvolutions

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
            case .lstmBehindConvolutions:
                architecture.cell = .lstm
                architecture.convolutions = [3, 5]
            }
            return architecture
        }
    }

    @Test(
        "have the same sum with any number of workers and lanes, to the last bit",
        arguments: Form.allCases, [(100, 16), (300, 2), (10, 16)])
    func anySplit(form: Form, sizes: (batch: Int, shards: Int)) throws {
        for kernels in Kernels.supported {
            let run = SmallRun(
                form.architecture, batchSize: sizes.batch, shards: sizes.shards, kernels)
            try run.expectExactSums(
                steps: [0, run.steps], workers: [1, 2, 3, 5, 16], lanes: [1, 3])
        }
    }

    @Test(
        "have the same bits however many rows are computed side by side",
        arguments: Form.allCases, [(128, 16), (300, 2), (100, 16), (10, 16)])
    func groupings(form: Form, sizes: (batch: Int, shards: Int)) throws {
        for kernels in Kernels.supported {
            try SmallRun.expectSameSumInAnyGrouping { grouping in
                SmallRun(
                    form.architecture, batchSize: sizes.batch, shards: sizes.shards,
                    grouping: grouping, kernels)
            }
        }
    }

    @Test(
        "equal one pass over the step's examples, within rounding",
        arguments: Kernels.supported, Form.allCases)
    func plainSum(kernels: any KernelSet.Type, form: Form) throws {
        try SmallRun(form.architecture, batchSize: 300, shards: 4, kernels).expectPlainSums()
    }

    @Test("have the same bits in every kernel set", arguments: Form.allCases)
    func agreement(form: Form) throws {
        try SmallRun.expectAgreement { kernels in
            SmallRun(form.architecture, batchSize: 100, shards: 4, kernels)
        }
    }

    @Test("use other dropout for the same examples in another step", arguments: Kernels.supported)
    func steps(kernels: any KernelSet.Type) throws {
        // The batch is the whole set, so steps differ only in order and dropout.
        func lossesOfTwoEpochs(_ architecture: Architecture) throws -> [Double] {
            let run = SmallRun(architecture, batchSize: 1_003, shards: 4, kernels)
            return try [0, 1].map { step in
                try run.sum(step: step).tally.loss
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
