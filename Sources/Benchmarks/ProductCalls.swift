import Kernels
import NeuralNetwork

/// The products of a recurrent layer, in their actual shapes.
///
/// Shapes: N rows, L time steps, D input values, H hidden values, G gates.
struct ProductCalls {
    let architecture: Architecture
    let rows: Int
    let kernels: any KernelSet.Type

    /// The examples of a shard in one product: those of a batch of 128 in 16 shards.
    static let rowsOfShard = 8

    private var hidden: Int { architecture.hiddenSize }
    private var inputs: Int { architecture.inputSize }
    private var steps: Int { architecture.timeSteps }
    private var gates: Int { architecture.cell.gates * hidden }

    /// The preactivations: one product, or two if some gates keep the input and the hidden side
    /// separate.
    private var parts: [(suffix: String, columns: Int)] {
        let fused = architecture.cell.firstSeparateGate * hidden
        let separate = (suffix: ", gates apart", columns: gates - fused)
        return [("", fused)] + (separate.columns > 0 ? [separate] : [])
    }

    /// The calls in the order of a step.
    var all: [KernelCall] {
        let fused = parts[0]
        var calls = [sums("sums", columns: fused.columns, depths: (inputs, hidden))]
        for part in parts.dropFirst() {
            calls.append(
                sums("input sums" + part.suffix, columns: part.columns, depths: (inputs, 0)))
            calls.append(
                sums("hidden sums" + part.suffix, columns: part.columns, depths: (hidden, 0)))
        }
        for part in parts {
            calls.append(
                product(
                    "carry back" + part.suffix, rows: rows, columns: hidden, depth: part.columns))
        }
        calls.append(
            product(
                "input gradient", rows: steps * rows, columns: hidden, depth: gates,
                accumulates: false))
        let isNarrow = ProductShape(rows: gates, columns: inputs, depth: 1).isNarrow
        calls.append(
            weightGradient(
                "input-weight gradient", rows: isNarrow ? inputs : gates,
                columns: isNarrow ? gates : inputs, steps: steps))
        for part in parts {
            calls.append(
                weightGradient(
                    "hidden-weight gradient" + part.suffix, rows: part.columns, columns: hidden,
                    steps: steps - 1))
        }
        return calls
    }

    /// The preactivations of a time step: biases, and products with the input and the hidden state.
    private func sums(_ name: String, columns: Int, depths: (first: Int, second: Int)) -> KernelCall
    {
        let rows = rows
        let depth = depths.first + depths.second
        return KernelCall(
            name: name, shape: "\(rows) x \(columns) x \(depth)",
            operations: ProductShape(rows: rows, columns: columns, depth: depth).operations,
            values: nil
        ) { [kernels] in
            let (first, second) = (
                filledMatrix(rows, depths.first), filledMatrix(rows, depths.second)
            )
            let weights = (
                first: packedWeights(depths.first, columns, kernels),
                second: packedWeights(depths.second, columns, kernels)
            )
            let (biases, c) = (filledBuffer(columns), filledMatrix(rows, columns))
            return {
                kernels.multiply(
                    ProductTerms(first.rows(), weights.first, depth: depths.first),
                    plus: ProductTerms(second.rows(), weights.second, depth: depths.second),
                    onto: biases.vector, into: c.rows(), rows: rows)
            }
        }
    }

    /// A product of rows of A with packed weights.
    private func product(
        _ name: String, rows: Int, columns: Int, depth: Int, accumulates: Bool = true
    ) -> KernelCall {
        KernelCall(
            name: name, shape: "\(rows) x \(columns) x \(depth)",
            operations: ProductShape(rows: rows, columns: columns, depth: depth).operations,
            values: nil
        ) { [kernels] in
            let (a, b) = (filledMatrix(rows, depth), packedWeights(depth, columns, kernels))
            let c = filledMatrix(rows, columns)
            return {
                let terms = ProductTerms(a.rows(), b, depth: depth)
                kernels.multiply(
                    terms, plus: nil, into: c.rows(), rows: rows, columns: columns,
                    accumulates: accumulates)
            }
        }
    }

    /// The product over all time steps that gives a shard's gradient with respect to a weight
    /// matrix.
    private func weightGradient(
        _ name: String, rows count: Int, columns: Int, steps: Int
    ) -> KernelCall {
        let examples = min(rows, Self.rowsOfShard)
        var shape = ProductShape(
            rows: count, columns: columns, depth: examples, accumulates: true)
        shape.segments = steps
        return KernelCall(
            name: name, shape: "\(count) x \(columns) x \(steps)*\(examples)",
            operations: shape.operations, values: nil
        ) { [kernels, rows, shape] in
            let (a, b) = (filledMatrix(steps * rows, count), filledMatrix(steps * rows, columns))
            // Gradients are contiguous, as parameters are.
            let c = filledBuffer(count * columns)
            var shape = shape
            shape.aSegmentStride = rows * a.stride
            shape.bSegmentStride = rows * b.stride
            return { [shape] in
                kernels.multiply(
                    a.rows().transposed, b.rows(), into: c.matrix(stride: columns), shape)
            }
        }
    }
}

/// Weights packed as in a layer.
private func packedWeights(
    _ rows: Int, _ columns: Int, _ kernels: any KernelSet.Type
) -> PackedMatrix {
    let matrix = PackedMatrix(rows: rows, columns: columns, kernels: kernels)
    let values = filledMatrix(rows, columns)
    withExtendedLifetime(values) { matrix.pack(values.rows()) }
    return matrix
}
