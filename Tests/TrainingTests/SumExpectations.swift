import Kernels
import NeuralNetwork
import Reduction
import TestSupport
import Testing
import Training

extension SmallRun {
    /// The sum over all shards, computed by a single lane.
    func sum(
        step: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> PartialSum {
        try #require(reduce([[0..<plan.shards]], step: step), sourceLocation: sourceLocation)
    }

    /// Expects the same sums, to the last bit, from these numbers of workers and lanes.
    func expectExactSums(
        steps: [Int], workers: some Sequence<Int>, lanes: [Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for step in steps {
            let expected = try sum(step: step, sourceLocation: sourceLocation)
            for workers in workers {
                for lanes in lanes {
                    let ranges = (0..<plan.shards).cut(into: workers).map { $0.cut(into: lanes) }
                    let root = try #require(
                        reduce(ranges, step: step), sourceLocation: sourceLocation)
                    let place = "step \(step), \(workers) workers of \(lanes) lanes"
                    let isSame = root.gradients.values.bits == expected.gradients.values.bits
                    #expect(isSame, "\(place)", sourceLocation: sourceLocation)
                    #expect(
                        root.tally == expected.tally, "\(place)", sourceLocation: sourceLocation)
                }
            }
        }
    }

    /// Expects that the sums of an epoch's first and last step equal one pass over all their examples,
    /// within rounding.
    func expectPlainSums(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for step in [0, steps - 1] {
            let root = try sum(step: step, sourceLocation: sourceLocation)
            let plain = plainSum(step: step)
            let loss = (root.tally.loss / plain.tally.loss - 1).magnitude
            #expect(loss < 1e-12, "step \(step)", sourceLocation: sourceLocation)
            let counts = [root.tally.examples, root.tally.correct]
            let expected = [plan.positions(ofStep: step).count, plain.tally.correct]
            #expect(counts == expected, "step \(step)", sourceLocation: sourceLocation)
            for tensor in layout.tensors {
                let part = tensor.offset..<tensor.offset + tensor.count
                let distance = relativeDistance(
                    root.gradients.values[part], from: plain.gradients[part])
                #expect(
                    distance < 1e-5, "step \(step), \(tensor.name)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Expects the same sums of a run's first and last step, to the last bit, in any grouping of rows.
    static func expectSameSumInAnyGrouping(
        sourceLocation: SourceLocation = #_sourceLocation, _ run: (RowGrouping) -> SmallRun
    ) throws {
        let runs = RowGrouping.allCases.map(run)
        for step in [0, runs[0].steps - 1] {
            let sums = try runs.map { try $0.sum(step: step, sourceLocation: sourceLocation) }
            for sum in sums.dropFirst() {
                let isSame = sum.gradients.values.bits == sums[0].gradients.values.bits
                #expect(isSame, "step \(step)", sourceLocation: sourceLocation)
                #expect(sum.tally == sums[0].tally, sourceLocation: sourceLocation)
            }
        }
    }

    /// Expects that a run's second step (or its only one) has the same bits in every kernel set.
    static func expectAgreement(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ run: (any KernelSet.Type) -> SmallRun
    ) throws {
        let results = try Kernels.supported.map { kernels in
            let run = run(kernels)
            let root = try run.sum(step: 1 % run.steps, sourceLocation: sourceLocation)
            return (root.gradients.values.bits, root.tally)
        }
        let first = try #require(results.first, sourceLocation: sourceLocation)
        let areSame = results.allSatisfy { $0 == first }
        #expect(areSame, sourceLocation: sourceLocation)
    }
}
