import Datasets
import Kernels
import NeuralNetwork
import Reduction
import TestSupport
import Training

/// A run on 1,003 random images, computed without processes or messages.
struct SmallRun {
    let plan: BatchPlan
    let layout: ParameterLayout
    /// All shards of the images.
    let shards: [Int: Shard]
    private let architecture: Architecture
    private let seed: UInt64
    private let labelSmoothing: Double
    private let grouping: RowGrouping
    private let kernels: any KernelSet.Type

    init(
        _ architecture: Architecture = smallArchitecture, batchSize: Int, shards count: Int,
        seed: UInt64 = 0, labelSmoothing: Double = 0, grouping: RowGrouping = .single,
        _ kernels: any KernelSet.Type
    ) {
        let images = randomImages(1_003, for: architecture, seed: 1)
        let plan = BatchPlan(examples: images.count, batchSize: batchSize, shards: count)
        let assignment = ShardLayout(examples: images.count, shards: count, seed: seed)
        shards = Dictionary(
            uniqueKeysWithValues: (0..<count).map { shard in
                let all = 0..<plan.examples(inShard: shard)
                return (shard, assignment.examples(all, ofShard: shard, from: images))
            })
        self.plan = plan
        self.architecture = architecture
        layout = ParameterLayout(architecture)
        self.seed = seed
        self.labelSmoothing = labelSmoothing
        self.grouping = grouping
        self.kernels = kernels
    }

    var steps: Int { plan.stepsPerEpoch }

    /// A lane's computer with the run's initial parameters.
    func computer() -> ShardGradients {
        let computer = ShardGradients(
            architecture, plan: plan, seed: seed, labelSmoothing: labelSmoothing,
            grouping: grouping, kernels: kernels)
        parameters.withBytes { computer.load($0) }
        return computer
    }

    /// The sum over all shards, computed by workers whose lanes have these slots.
    func reduce(_ workers: [[Range<Int>]], step: Int) -> PartialSum? {
        var coordinator = partialSums(step: step)
        // The last worker answers first, because the order of arrival must not matter.
        for lanes in workers.reversed() {
            var worker = partialSums(step: step)
            for slots in lanes {
                for sum in computer().compute(slots: slots, step: step, shards: shards) {
                    worker.add(sum)
                }
            }
            for sum in worker.takeAll() { coordinator.add(sum) }
        }
        return coordinator.takeRoot()
    }

    /// The sum over the step's examples in one pass, without shards or tree.
    func plainSum(step: Int) -> (gradients: [Float], tally: Tally) {
        let size = architecture.exampleSize
        var examples: [(pixels: ArraySlice<UInt8>, label: Int)] = []
        var draws: [DropoutDraw] = []
        for (number, shard) in shards {
            let order = ShardLayout.order(
                ofShard: number, count: shard.labels.count, epoch: plan.epoch(ofStep: step),
                seed: seed)
            for index in order[plan.indices(ofShard: number, step: step)].map({ Int($0) }) {
                let pixels = shard.values[index * size..<(index + 1) * size]
                examples.append((pixels, Int(shard.labels[index])))
                draws.append(DropoutDraw(seed: seed, step: step, shard: number, example: index))
            }
        }
        let rows = examples.count
        let network = Network(architecture, capacity: rows, kernels: kernels)
        parameters.withBytes { network.load($0) }
        for (row, example) in examples.enumerated() {
            network.setInput(example.pixels.span.bytes, row: row, of: rows)
        }
        network.forward(rows: rows, dropping: draws)
        let losses = examples.enumerated().map {
            network.loss(row: $0, label: $1.label, smoothing: labelSmoothing)
        }
        network.backward(rows: rows)
        let gradients = FloatBuffer(count: layout.count)
        network.addParameterGradients(of: 0..<rows, rows: rows, to: gradients)
        return (gradients.values, Tally(losses))
    }

    /// The sum over all shards in plain loops: each shard's pieces one after another, then the tree.
    func plainTreeSum(step: Int) -> [Float] {
        let network = PlainNetwork(architecture, parameters: parameters.values, kernels: kernels)
        let size = architecture.exampleSize
        func leaf(_ number: Int) -> [Float]? {
            guard let shard = shards[number] else { return nil }
            let order = ShardLayout.order(
                ofShard: number, count: shard.labels.count, epoch: plan.epoch(ofStep: step),
                seed: seed)
            let indices = order[plan.indices(ofShard: number, step: step)].map { Int($0) }
            guard !indices.isEmpty else { return nil }
            var gradients = [Float](repeating: 0, count: layout.count)
            for first in stride(from: 0, to: indices.count, by: 16) {
                let piece = indices[first..<min(first + 16, indices.count)]
                network.addGradients(
                    of: piece.map { index in
                        shard.values[index * size..<(index + 1) * size].map { Float($0) / 255 }
                    },
                    piece.map { shard.labels[$0] }, isSharing: piece.count >= 8, to: &gradients)
            }
            return gradients
        }
        func value(level: Int, residue: Int) -> [Float]? {
            if 1 << level == plan.shards { return leaf(residue) }
            let left = value(level: level + 1, residue: residue)
            let right = value(level: level + 1, residue: residue + 1 << level)
            guard let left, let right else { return left ?? right }
            return zip(left, right).map(+)
        }
        return value(level: 0, residue: 0) ?? []
    }

    private var parameters: FloatBuffer {
        layout.initialParameters(for: architecture, seed: 5)
    }

    private func partialSums(step: Int) -> ReductionTree {
        var sums = ReductionTree(plan, parameterCount: layout.count, kernels: kernels)
        sums.begin(step: step)
        return sums
    }
}
