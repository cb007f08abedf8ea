import Datasets
import Kernels
import NeuralNetwork
import Reduction

/// Computes shard gradients: what one lane of a worker does.
///
/// A shard gradient is the sum over the shard's examples of this step. It is a pure function of
/// (parameters, step, shard): rows of several shards share the matrix products of a wave, but the
/// gradients with respect to the parameters are summed per shard, in pieces of a fixed size.
public final class ShardGradients {
    private let network: Network
    private let plan: BatchPlan
    private let seed: UInt64
    private let labelSmoothing: Double
    private let kernels: any KernelSet.Type
    private var sums: ReductionTree
    /// The order of each shard's examples in `epoch`.
    private var orders: [Int: [Int32]] = [:]
    private var epoch = 0
    private var wave: Wave
    /// The sums of waves; nil where a shard's gradients are summed by themselves.
    private let treeSums: TreeSums?
    private var tree = WaveTree()
    private var draws: [DropoutDraw] = []
    private var openLeaf: PartialSum?

    /// Makes the computation of one lane.
    public convenience init(
        _ architecture: Architecture, plan: BatchPlan, seed: UInt64, labelSmoothing: Double,
        kernels: any KernelSet.Type
    ) {
        self.init(
            architecture, plan: plan, seed: seed, labelSmoothing: labelSmoothing,
            grouping: RowGrouping(architecture), kernels: kernels)
    }

    /// Makes the computation of one lane that groups its rows in the given way.
    package init(
        _ architecture: Architecture, plan: BatchPlan, seed: UInt64, labelSmoothing: Double,
        grouping: RowGrouping, kernels: any KernelSet.Type
    ) {
        network = Network(
            architecture, capacity: grouping.rows, groups: grouping.groups, kernels: kernels)
        wave = Wave(grouping)
        treeSums = grouping == .wave ? network.makeTreeSums() : nil
        self.plan = plan
        self.seed = seed
        self.labelSmoothing = labelSmoothing
        self.kernels = kernels
        sums = ReductionTree(plan, parameterCount: network.layout.count, kernels: kernels)
    }

    /// Makes the computation of one lane of a job, on the job's own machine.
    public convenience init(_ job: Job) {
        self.init(
            job.architecture, plan: job.plan, seed: job.configuration.seed,
            labelSmoothing: job.configuration.labelSmoothing, kernels: job.kernels)
    }

    /// Loads the parameters: little-endian float32 values in the layout's order.
    public func load(_ parameters: RawSpan) { network.load(parameters) }

    /// Takes back the buffers of sums that were sent.
    public func recycle(_ buffers: [FloatBuffer]) {
        for buffer in buffers { sums.pool.give(buffer) }
    }

    /// Computes the partial sums of the shards at `slots` for the run's step `step`.
    ///
    /// - Parameter shards: the data of at least these shards, by shard.
    public func compute(slots: Range<Int>, step: Int, shards: [Int: Shard]) -> [PartialSum] {
        var results: [PartialSum] = []
        compute(slots: slots, step: step, shards: shards, into: &results)
        return results
    }

    /// Computes the partial sums of the shards at `slots` and replaces the contents of `results` with them.
    ///
    /// If `results` has capacity, a step allocates nothing, except the shards' orders once per epoch.
    public func compute(
        slots: Range<Int>, step: Int, shards: [Int: Shard], into results: inout [PartialSum]
    ) {
        compute(slots: slots, step: step, shards: shards, into: &results) { $1() }
    }

    /// Computes the partial sums as ``compute(slots:step:shards:into:)`` does.
    ///
    /// - Parameter perform: is called with each phase, once or more for each wave, and its work.
    package func compute(
        slots: Range<Int>, step: Int, shards: [Int: Shard], into results: inout [PartialSum],
        _ perform: (StepPhase, () -> Void) -> Void
    ) {
        sums.begin(step: step)
        for slot in slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            prepareOrder(ofShard: shard, step: step)
            let places = plan.indices(ofShard: shard, step: step)
            var place = places.lowerBound
            while place < places.upperBound {
                let end = min(place + Wave.rowsOfPiece, places.upperBound)
                let piece = Wave.Piece(
                    slot: slot, shard: shard, places: place..<end, isLast: end == places.upperBound)
                if !wave.add(piece) {
                    prefetch(piece, shards: shards)
                    runWave(step: step, shards: shards, perform)
                    let hasRoom = wave.add(piece)
                    precondition(hasRoom, "an empty wave has room for any piece")
                }
                place = end
            }
        }
        runWave(step: step, shards: shards, perform)
        sums.takeAll(into: &results)
    }

    private func runWave(
        step: Int, shards: [Int: Shard], _ perform: (StepPhase, () -> Void) -> Void
    ) {
        guard !wave.pieces.isEmpty else { return }
        let rows = wave.rows
        perform(.convert) {
            for piece in wave.pieces { setInput(piece, rows: rows, step: step, shards: shards) }
        }
        perform(.forward) { network.forward(groups: wave.groups, dropping: draws) }
        perform(.loss) {
            for index in wave.pieces.indices { addLosses(to: &wave.pieces[index], shards: shards) }
        }
        perform(.backward) { network.backward(rows: rows) }
        if let treeSums {
            tree.build(wave.pieces, plan, step: step, continuing: openLeaf?.tally)
            for subtree in tree.subtrees { addGradients(of: subtree, rows, treeSums, perform) }
        } else {
            for piece in wave.pieces { addGradients(of: piece, rows: rows, perform) }
        }
        wave.removeAll()
        draws.removeAll(keepingCapacity: true)
    }

    /// Adds a piece's gradients to the sum of its shard, and a complete sum to the tree.
    private func addGradients(
        of piece: Wave.Piece, rows: Int, _ perform: (StepPhase, () -> Void) -> Void
    ) {
        var leaf = openLeaf ?? newLeaf(slot: piece.slot)
        perform(.parameterGradients) {
            network.addParameterGradients(
                of: piece.rows, rows: rows, to: leaf.gradients, isFirst: openLeaf == nil)
        }
        leaf.tally += piece.tally
        openLeaf = piece.isLast ? nil : leaf
        if piece.isLast { perform(.reduce) { sums.add(leaf) } }
    }

    /// Adds the gradients under a subtree to the tree, or keeps those of a shard that goes on.
    private func addGradients(
        of subtree: WaveTree.Subtree, _ rows: Int, _ treeSums: TreeSums,
        _ perform: (StepPhase, () -> Void) -> Void
    ) {
        let parts = tree.parts[subtree.parts]
        var sum = openLeaf ?? newLeaf(slot: wave.pieces[subtree.parts.lowerBound].slot)
        perform(.parameterGradients) {
            network.sumParameterGradients(
                of: parts, rows: rows, to: sum.gradients, isFirst: openLeaf == nil, treeSums)
        }
        sum.tally = subtree.tally
        openLeaf = subtree.node == nil ? sum : nil
        guard let node = subtree.node else { return }
        sum.node = node
        perform(.reduce) { sums.add(sum) }
    }

    /// Calls `body` with each row of a piece and its example's index in the shard.
    private func forEachExample(of piece: Wave.Piece, _ body: (_ row: Int, _ example: Int) -> Void)
    {
        guard let order = orders[piece.shard] else { return }
        for (row, place) in zip(piece.rows, piece.places) { body(row, Int(order[place])) }
    }

    /// Prefetches the examples of a piece without rows, which are scattered in memory, while another wave
    /// computes.
    private func prefetch(_ piece: Wave.Piece, shards: [Int: Shard]) {
        guard let order = orders[piece.shard] else { return }
        let size = network.architecture.exampleByteCount
        let values = shards[piece.shard, default: Shard()].values
        for place in piece.places {
            let example = Int(order[place])
            kernels.prefetch(values.span.extracting(example * size..<(example + 1) * size).bytes)
        }
    }

    /// Sets the inputs of a piece's rows and, with dropout, the random draw of each row.
    private func setInput(_ piece: Wave.Piece, rows: Int, step: Int, shards: [Int: Shard]) {
        let size = network.architecture.exampleByteCount
        let hasDropout = network.architecture.dropout > 0
        let values = shards[piece.shard, default: Shard()].values
        forEachExample(of: piece) { row, example in
            let bytes = values.span.extracting(example * size..<(example + 1) * size).bytes
            network.setInput(bytes, row: row, of: rows)
            if hasDropout {
                draws.append(
                    DropoutDraw(seed: seed, step: step, shard: piece.shard, example: example))
            }
        }
    }

    private func addLosses(to piece: inout Wave.Piece, shards: [Int: Shard]) {
        var tally = Tally()
        let labels = shards[piece.shard, default: Shard()].labels
        forEachExample(of: piece) { row, example in
            let label = Int(labels[example])
            tally += network.loss(row: row, label: label, smoothing: labelSmoothing)
        }
        piece.tally = tally
    }

    /// The empty sum of a shard; its gradients are uninitialized.
    private func newLeaf(slot: Int) -> PartialSum {
        let gradients = sums.pool.take()
        let node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        return PartialSum(node: node, tally: Tally(), gradients: gradients)
    }

    private func prepareOrder(ofShard shard: Int, step: Int) {
        let epoch = plan.epoch(ofStep: step)
        if epoch != self.epoch { orders.removeAll(keepingCapacity: true) }
        self.epoch = epoch
        guard orders[shard] == nil else { return }
        orders[shard] = ShardLayout.order(
            ofShard: shard, count: plan.examples(inShard: shard), epoch: epoch, seed: seed)
    }
}
