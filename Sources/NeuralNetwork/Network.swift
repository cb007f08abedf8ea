import Kernels
import Randomness

/// A recurrent classifier with room for `capacity` examples at a time.
///
/// Its buffers are planned once, so a pass allocates nothing. A row's results never depend on the
/// rows beside it. Shapes: N rows (examples), L time steps, D input values, C classes.
public final class Network {
    /// The form of this network.
    public let architecture: Architecture
    /// Where its parameters lie.
    public let layout: ParameterLayout
    /// The most rows that a pass can take.
    public let capacity: Int

    private let kernels: any KernelSet.Type
    /// A copy of the parameters for the time in which they are loaded; nil if none is needed.
    private let copy: FloatBuffer?
    /// The sequence that the first layer reads; an array, like the inputs of the other layers.
    private let input: [SequenceBuffer]
    /// For each value of the sequence, the pixel that it comes from; nil if they are in order.
    private let pixelOrder: [Int]?
    /// Scratch for an example before its pixels are put in order, as floats.
    private let unordered: FloatBuffer
    private let front: ConvolutionFront?
    private let layers: [Layer]
    private let readout: ReadoutLayer
    /// Whether the last forward pass dropped anything.
    private var hasDropped = false
    /// The groups of the last forward pass, and the inputs that each of them skipped.
    private var groups: RowGroups

    /// One layer: its directions, and the dropout of their outputs.
    private struct Layer {
        let directions: [RecurrentLayer]
        let dropout: Dropout?
        let hidden: [SequenceBuffer]
        let gradients: [SequenceBuffer]

        init(_ directions: [RecurrentLayer], _ dropout: Dropout?) {
            self.directions = directions
            self.dropout = dropout
            hidden = directions.map(\.cell.hidden)
            gradients = directions.map(\.cell.gradient)
        }
    }

    /// Makes a network whose parameters are zero until ``load(_:)``.
    ///
    /// - Parameters:
    ///   - capacity: the most rows of a pass.
    ///   - groups: the most groups of rows in a pass.
    public init(
        _ architecture: Architecture, capacity: Int, groups: Int = 1, kernels: any KernelSet.Type
    ) {
        let layout = ParameterLayout(architecture)
        self.architecture = architecture
        self.layout = layout
        self.capacity = capacity
        self.kernels = kernels
        copy = Self.mustCopy(layout) ? FloatBuffer(count: layout.count) : nil
        let input = SequenceBuffer(
            timeSteps: architecture.timeSteps, capacity: capacity, width: architecture.inputSize)
        self.input = [input]
        pixelOrder = architecture.pixelOrder
        unordered = FloatBuffer(count: pixelOrder?.count ?? 0)
        front = ConvolutionFront(
            architecture, layout: layout, capacity: capacity, kernels: kernels)
        layers = (0..<architecture.layers).map { layer in
            let directions = (0..<architecture.directions).map { direction in
                RecurrentLayer(
                    layer: layer, isReverse: direction == 1, of: architecture, layout: layout,
                    capacity: capacity, groups: groups, kernels: kernels)
            }
            let dropout = Dropout(
                above: layer, of: architecture, capacity: capacity, kernels: kernels)
            return Layer(directions, dropout)
        }
        readout = ReadoutLayer(
            of: architecture, layout: layout, capacity: capacity, kernels: kernels)
        self.groups = RowGroups(
            capacity: groups, timeSteps: architecture.timeSteps, width: architecture.inputSize)
    }

    /// Loads parameters given as little-endian float32 values in the layout's order.
    public func load(_ bytes: RawSpan) {
        precondition(bytes.byteCount == 4 * layout.count, "the parameters are of another network")
        if copy == nil, Vector.withView(of: bytes, load) { return }
        let copy = copy ?? FloatBuffer(count: layout.count)
        copy.copy(from: bytes)
        withExtendedLifetime(copy) { load(copy.vector) }
    }

    /// Whether parameters must be copied before they are loaded.
    ///
    /// Kernels load whole vectors, so enough values must follow the last recurrent weights. A small frame may
    /// lie at any address.
    private static func mustCopy(_ layout: ParameterLayout) -> Bool {
        layout.count - layout.offset(of: "fc.weight") < 32 || layout.count <= 16_384
    }

    private func load(_ parameters: Vector) {
        front?.load(parameters)
        for layer in layers { for direction in layer.directions { direction.load(parameters) } }
        readout.load(parameters)
    }

    /// Sets row `row` of `rows` to an example of `exampleByteCount` bytes.
    public func setInput(_ example: RawSpan, row: Int, of rows: Int) {
        precondition(rows <= capacity && row < rows, "row \(row) of \(rows) is outside the network")
        if let front {
            let size = architecture.exampleSize
            return read(example, into: front.images.vector(at: row * size, count: size))
        }
        let size = architecture.inputSize
        if let pixelOrder {
            read(example, into: unordered.vector)
            for (index, pixel) in pixelOrder.enumerated() {
                input[0].row(row, of: rows, at: index / size)[index % size] = unordered[pixel]
            }
            return
        }
        let byteCount = size * architecture.element.size
        for time in 0..<architecture.timeSteps {
            read(
                example.extracting(time * byteCount..<(time + 1) * byteCount),
                into: input[0].row(row, of: rows, at: time))
        }
    }

    /// Reads bytes scaled to [0, 1], and floats as they are.
    private func read(_ values: RawSpan, into target: Vector) {
        switch architecture.element {
        case .uint8: kernels.widen(values, into: target)
        case .float32: target.copy(from: values)
        }
    }

    /// Computes the logits of the `rows` inputs that were set.
    ///
    /// - Parameters:
    ///   - draws: one draw per row, which decides what it drops in training; without draws, nothing.
    ///   - sharing: whether to skip columns that are zero in all rows, and to compute leading time steps
    ///     of nothing but zeros once for all rows. The logits have the same bits. Parameter gradients
    ///     then exist only for all rows together, and their sums begin with the shared steps.
    public func forward(rows: Int, dropping draws: [DropoutDraw] = [], sharing: Bool = false) {
        forward(groups: [RowGroup(rows: 0..<rows, isSharing: sharing)], dropping: draws)
    }

    /// Computes the logits of inputs in several groups of rows, one after another.
    ///
    /// A group's results are those that it has alone, to the bit; a product reads the weights once
    /// for the rows of all.
    public func forward(groups: [RowGroup], dropping draws: [DropoutDraw] = []) {
        let rows = groups.last?.rows.upperBound ?? 0
        precondition(draws.isEmpty || draws.count == rows, "one draw a row, or none at all")
        hasDropped = !draws.isEmpty
        front?.forward(into: input[0], rows: rows)
        begin(groups, of: rows)
        for (index, layer) in layers.enumerated() {
            let below = inputs(ofLayer: index)
            for direction in layer.directions {
                direction.forward(below, rows: rows, groups: self.groups.all)
            }
            if hasDropped { layer.dropout?.forward(layer.hidden, draws: draws) }
        }
        readout.forward(layers.last?.hidden ?? [], rows: rows)
    }

    private func begin(_ groups: [RowGroup], of rows: Int) {
        self.groups.removeAll()
        for group in groups {
            self.groups.add(group.rows) { blanks in
                // Convolutions need the gradient of each row's outputs, even where these come from
                // zeros.
                guard group.isSharing && front == nil else { return blanks.forget() }
                blanks.find(in: input[0], rows: RowRange(group.rows, of: rows), kernels: kernels)
            }
        }
    }

    /// The logits [C] of one row, after ``forward(rows:dropping:)`` and before the loss.
    public func logits(row: Int) -> [Float] {
        let classes = architecture.classes
        return (0..<classes).map { readout.logits[row * classes + $0] }
    }

    /// The cross entropy of a row against its label; replaces its logits by the gradient of the
    /// loss.
    ///
    /// - Parameter smoothing: the fraction of the target that is spread evenly over all classes.
    public func loss(row: Int, label: Int, smoothing: Double = 0) -> ExampleLoss {
        let classes = architecture.classes
        let logits = readout.logits.vector(at: row * classes, count: classes)
        return kernels.softmaxCrossEntropy(logits, label: label, smoothing: smoothing)
    }

    /// Propagates the gradient of the summed loss back to every layer's preactivations.
    ///
    /// Parameter gradients are a separate step, ``addParameterGradients(of:rows:to:)``, because
    /// they are summed per shard.
    public func backward(rows: Int) {
        readout.backward(into: layers.last?.gradients ?? [], rows: rows)
        for index in layers.indices.reversed() {
            for direction in layers[index].directions {
                direction.backward(rows: rows, groups: groups.all)
            }
            let below = index > 0 ? layers[index - 1] : nil
            // The pixels themselves need no gradient.
            guard let targets = below?.gradients ?? front?.sequenceGradient else { return }
            for (number, direction) in layers[index].directions.enumerated() {
                direction.backwardInputs(
                    into: targets, rows: rows, accumulates: number > 0)
            }
            if hasDropped { below?.dropout?.backward(targets, rows: rows) }
        }
        front?.backward(rows: rows)
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    ///
    /// - Parameter isFirst: whether `gradients` counts as zeros, whatever it holds.
    public func addParameterGradients(
        of part: Range<Int>, rows: Int, to gradients: FloatBuffer, isFirst: Bool = false
    ) {
        let group = groups.index(of: part)
        front?.addParameterGradients(of: part, to: gradients, isFirst: isFirst)
        for (index, layer) in layers.enumerated() {
            for direction in layer.directions {
                direction.addParameterGradients(
                    of: part, group: group, groups, inputs: inputs(ofLayer: index), rows: rows,
                    to: gradients, isFirst: isFirst)
            }
        }
        readout.addParameterGradients(of: part, rows: rows, to: gradients, isFirst: isFirst)
    }

    /// Makes room to sum the gradients of a pass in a tree.
    public func makeTreeSums() -> TreeSums {
        var others: [Range<Int>] = []
        var first = 0
        for weights in layers.flatMap({ $0.directions.flatMap(\.weightRanges) }) {
            if first < weights.lowerBound { others.append(first..<weights.lowerBound) }
            first = weights.upperBound
        }
        others.append(first..<layout.count)
        return TreeSums(architecture, capacity: capacity, others: others, kernels: kernels)
    }

    /// Writes the sum of the parts' parameter gradients, added in their tree.
    ///
    /// It has the bits of the parts' own sums, from
    /// ``addParameterGradients(of:rows:to:isFirst:)``, added one by one.
    /// - Parameter isFirst: whether the first part begins its shard's sums; if not, it continues
    ///   those in `gradients`.
    public func sumParameterGradients(
        of parts: ArraySlice<GradientPart>, rows: Int, to gradients: FloatBuffer, isFirst: Bool,
        _ sums: TreeSums
    ) {
        for index in parts.indices {
            let part = parts[index]
            addOtherGradients(
                of: part.rows, rows: rows, to: gradients,
                isFirst: !part.continues && (isFirst || index > parts.startIndex))
            let isComplete = index == parts.endIndex - 1 || !parts[index + 1].continues
            if isComplete { sums.others.push(gradients, merges: part.merges) }
        }
        sums.others.pop(into: gradients)
        for (index, layer) in layers.enumerated() {
            for direction in layer.directions {
                direction.writeWeightGradients(
                    of: parts, groups, inputs: inputs(ofLayer: index), rows: rows, to: gradients,
                    isFirst: isFirst, sums)
            }
        }
    }

    /// Adds the gradients of all parameters but the recurrent layers' weights.
    private func addOtherGradients(
        of part: Range<Int>, rows: Int, to gradients: FloatBuffer, isFirst: Bool
    ) {
        let group = groups.index(of: part)
        front?.addParameterGradients(of: part, to: gradients, isFirst: isFirst)
        for layer in layers {
            for direction in layer.directions {
                direction.addBiasGradients(
                    of: part, group: group, groups, rows: rows, to: gradients, isFirst: isFirst)
            }
        }
        readout.addParameterGradients(of: part, rows: rows, to: gradients, isFirst: isFirst)
    }

    /// The sequences that a layer reads.
    private func inputs(ofLayer index: Int) -> [SequenceBuffer] {
        guard index > 0 else { return input }
        let below = layers[index - 1]
        return hasDropped ? below.dropout?.outputs ?? below.hidden : below.hidden
    }
}
