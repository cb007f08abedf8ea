import Kernels

/// Where a lane sums the gradients of a wave's shards in a tree; planned once, so that a step
/// allocates nothing.
///
/// The weight matrices' gradients are products over the tree. Those of the other parameters, which
/// are few, are computed a shard at a time.
public final class TreeSums {
    let product: TreeProduct
    /// The previous hidden states: [terms][H].
    let hidden: PackedMatrix
    /// The inputs of the first layer, and those of the layers above: [terms][D].
    private let firstInputs: [PackedMatrix]
    private let inputs: [PackedMatrix]
    var others: PendingSums

    /// Makes room for the parts of a network's passes.
    init(
        _ architecture: Architecture, capacity: Int, others: [Range<Int>],
        kernels: any KernelSet.Type
    ) {
        let terms = capacity * architecture.timeSteps
        func packed(_ widths: [Int]) -> [PackedMatrix] {
            widths.map { PackedMatrix(rows: terms, columns: $0, kernels: kernels) }
        }
        product = TreeProduct(terms: terms, leaves: capacity, kernels: kernels)
        hidden = PackedMatrix(rows: terms, columns: architecture.hiddenSize, kernels: kernels)
        firstInputs = packed(architecture.inputWidths(ofLayer: 0))
        inputs = packed(architecture.layers > 1 ? architecture.inputWidths(ofLayer: 1) : [])
        self.others = PendingSums(of: others, leaves: capacity, kernels: kernels)
    }

    func inputs(ofLayer layer: Int) -> [PackedMatrix] { layer == 0 ? firstInputs : inputs }
}
