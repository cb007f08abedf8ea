import Datasets
import Kernels
import NeuralNetwork
import Reduction

/// Computes shard gradients: what one lane of a worker does.
///
/// A shard gradient is the sum over the shard's examples of this step. It is a pure function of
/// (parameters, step, shard): rows of several shards share the matrix products of a pass, but the
/// gradients with respect to the parameters are summed per shard, in pieces of a fixed size.
public final class ShardGradients {
    /// The rows of one pass, and the most examples of a shard that are summed at a time.
    ///
    /// Small enough that the states of all time steps stay in a core's second-level cache, or near it, from
    /// the forward pass to the gradients. It must never change: another size would change the order of
    /// additions in shards with more examples.
    package static let rowsPerPass = 16

    /// The number of rows from which a piece of a shard gets a pass of its own.
    ///
    /// The rows of such a pass share their first time steps if those are blank. It must never change either,
    /// because it decides an order of additions.
    private static let rowsOfOwnPass = 8

    private let network: Network
    private let plan: BatchPlan
    private let seed: UInt64
    private let labelSmoothing: Double
    private let kernels: any KernelSet.Type
    private var sums: ReductionTree
    /// The order of each shard's examples in `epoch`.
    private var orders: [Int: [Int32]] = [:]
    private var epoch = 0
    private var pass: [Piece] = []
    private var draws: [DropoutDraw] = []
    private var openLeaf: PartialSum?

    /// Examples of one shard that share a pass with those of others.
    private struct Piece {
        let slot: Int
        let shard: Int
        /// The examples, as positions in the shard's order.
        let places: Range<Int>
        /// Whether this piece completes the shard's sum.
        let isLast: Bool
        /// The pass's first row that holds these examples.
        var firstRow = 0
        var tally = Tally()

        var rows: Range<Int> { firstRow..<firstRow + places.count }
    }

    /// Makes the computation of one lane.
    public init(
        _ architecture: Architecture, plan: BatchPlan, seed: UInt64, labelSmoothing: Double,
        kernels: any KernelSet.Type
    ) {
        network = Network(architecture, capacity: Self.rowsPerPass, kernels: kernels)
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
        sums.begin(step: step)
        for slot in slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            prepareOrder(ofShard: shard, step: step)
            let places = plan.indices(ofShard: shard, step: step)
            var place = places.lowerBound
            while place < places.upperBound {
                let end = min(place + Self.rowsPerPass, places.upperBound)
                var piece = Piece(
                    slot: slot, shard: shard, places: place..<end, isLast: end == places.upperBound)
                if Self.fits(end - place, behind: pass.last?.rows) {
                    piece.firstRow = pass.last?.rows.upperBound ?? 0
                } else {
                    prefetch(piece, shards: shards)
                    runPass(step: step, shards: shards)
                }
                pass.append(piece)
                place = end
            }
        }
        runPass(step: step, shards: shards)
        sums.takeAll(into: &results)
    }

    /// Whether a piece of `count` rows joins a pass whose last piece has the rows `last`.
    package static func fits(_ count: Int, behind last: Range<Int>?) -> Bool {
        guard let last else { return true }
        return max(last.count, count) < rowsOfOwnPass && last.upperBound + count <= rowsPerPass
    }

    /// Whether the rows of a pass share their first time steps: only many rows of one shard do.
    package static func shares(pieces: Int, rows: Int) -> Bool {
        pieces == 1 && rows >= rowsOfOwnPass
    }

    private func runPass(step: Int, shards: [Int: Shard]) {
        guard let rows = pass.last?.rows.upperBound else { return }
        for piece in pass { setInput(piece, rows: rows, step: step, shards: shards) }
        network.forward(
            rows: rows, dropping: draws, sharing: Self.shares(pieces: pass.count, rows: rows))
        for index in pass.indices { addLosses(to: &pass[index], shards: shards) }
        network.backward(rows: rows)
        for piece in pass {
            var leaf = openLeaf ?? newLeaf(slot: piece.slot)
            network.addParameterGradients(
                of: piece.rows, rows: rows, to: leaf.gradients, isFirst: openLeaf == nil)
            leaf.tally += piece.tally
            openLeaf = piece.isLast ? nil : leaf
            if piece.isLast { sums.add(leaf) }
        }
        pass.removeAll(keepingCapacity: true)
        draws.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with each row of a piece and its example's index in the shard.
    private func forEachExample(of piece: Piece, _ body: (_ row: Int, _ example: Int) -> Void) {
        guard let order = orders[piece.shard] else { return }
        for (row, place) in zip(piece.rows, piece.places) { body(row, Int(order[place])) }
    }

    /// Prefetches a piece's examples, which are scattered in memory, while another pass computes.
    private func prefetch(_ piece: Piece, shards: [Int: Shard]) {
        let size = network.architecture.exampleByteCount
        let values = shards[piece.shard, default: Shard()].values
        forEachExample(of: piece) { _, example in
            kernels.prefetch(values.span.extracting(example * size..<(example + 1) * size).bytes)
        }
    }

    /// Sets the inputs of a piece's rows and, with dropout, the random draw of each row.
    private func setInput(_ piece: Piece, rows: Int, step: Int, shards: [Int: Shard]) {
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

    private func addLosses(to piece: inout Piece, shards: [Int: Shard]) {
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
