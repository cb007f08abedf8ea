import Kernels
import NeuralNetwork

/// Parameter gradients in plain loops, in the order of additions that every grouping of rows keeps.
///
/// Of networks without convolutions and dropout, whose classes are read from the last time step.
struct PlainNetwork {
    let architecture: Architecture
    private let layout: ParameterLayout
    private let parameters: [Float]
    private let kernels: any KernelSet.Type
    private let layers: [[PlainLayer]]

    init(_ architecture: Architecture, parameters: [Float], kernels: any KernelSet.Type) {
        self.architecture = architecture
        self.parameters = parameters
        self.kernels = kernels
        let layout = ParameterLayout(architecture)
        self.layout = layout
        func rows(_ name: String, _ count: Int) -> [[Float]] {
            let values = layout.part(name, of: parameters)
            let width = values.count / count
            return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
        layers = (0..<architecture.layers).map { layer in
            (0..<architecture.directions).map { direction in
                let suffix = "l\(layer)" + (direction == 1 ? "_reverse" : "")
                let columns = architecture.cell.gates * architecture.hiddenSize
                let times = Array(
                    architecture.timesInUse(ofLayer: layer, isReverse: direction == 1))
                return PlainLayer(
                    architecture: architecture, times: direction == 1 ? times.reversed() : times,
                    suffix: suffix, weightIH: rows("rnn.weight_ih_" + suffix, columns),
                    weightHH: rows("rnn.weight_hh_" + suffix, columns),
                    biasIH: layout.part("rnn.bias_ih_" + suffix, of: parameters),
                    biasHH: layout.part("rnn.bias_hh_" + suffix, of: parameters),
                    kernels: kernels)
            }
        }
    }

    /// Adds the gradients of a piece of a shard, whose rows share their blank time steps or do not.
    func addGradients(
        of images: [[Float]], _ labels: [UInt8], isSharing: Bool, to gradients: inout [Float]
    ) {
        let width = architecture.inputSize
        let sequences = images.map { image in
            (0..<architecture.timeSteps).map { Array(image[$0 * width..<($0 + 1) * width]) }
        }
        // The inputs and the states of each layer: [layer][direction][row].
        var inputs = [sequences]
        var states: [[[[Int: PlainLayer.Step]]]] = []
        for layer in layers {
            let below = inputs[inputs.count - 1]
            states.append(layer.map { direction in below.map(direction.forward) })
            let outputs = states[states.count - 1]
            inputs.append(
                below.indices.map { row in
                    (0..<architecture.timeSteps).map { time in
                        outputs.flatMap { $0[row][time]?.hidden ?? [] }
                    }
                })
        }
        let last = architecture.timeSteps - 1
        let features = inputs[layers.count].map { $0[last] }
        addReadout(features, labels, to: &gradients, &states[layers.count - 1])
        for index in layers.indices.reversed() {
            let blank = index == 0 && isSharing ? blankTimes(of: sequences) : []
            for direction in layers[index].indices {
                let layer = layers[index][direction]
                let shared = min(
                    layer.times.prefix { blank.contains($0) }.count, layer.times.count - 1)
                let common = layer.backward(&states[index][direction], shared: shared)
                layer.addGradients(
                    states[index][direction], common, inputs: inputs[index], layout, &gradients)
                guard index > 0 else { continue }
                layer.carryBack(
                    states[index][direction], to: &states[index - 1], isFirst: direction == 0)
            }
        }
    }

    /// The time steps in which all rows are blank.
    private func blankTimes(of sequences: [[[Float]]]) -> Set<Int> {
        Set(
            (0..<architecture.timeSteps).filter { time in
                sequences.allSatisfy { $0[time].allSatisfy { $0 == 0 } }
            })
    }

    /// Computes losses, and the gradients of the fully connected layer and of what it reads.
    private func addReadout(
        _ features: [[Float]], _ labels: [UInt8], to gradients: inout [Float],
        _ states: inout [[[Int: PlainLayer.Step]]]
    ) {
        let (weight, bias) = (layout.start(of: "fc.weight"), layout.start(of: "fc.bias"))
        let width = features[0].count
        let last = architecture.timeSteps - 1
        for (row, feature) in features.enumerated() {
            let logits = FloatBuffer(
                (0..<architecture.classes).map { label in
                    let first = weight + label * width
                    return chain(
                        parameters[bias + label], feature, Array(parameters[first..<first + width]))
                })
            _ = kernels.softmaxCrossEntropy(logits.vector, label: Int(labels[row]), smoothing: 0)
            for (direction, size) in states.indices.map({ ($0, architecture.hiddenSize) }) {
                var gradient = [Float](repeating: 0, count: size)
                for label in 0..<architecture.classes {
                    let first = weight + label * width + direction * size
                    addProduct(logits[label], Array(parameters[first..<first + size]), &gradient)
                }
                states[direction][row][last]?.gradient = gradient
            }
            for label in 0..<architecture.classes {
                for index in 0..<width {
                    gradients[weight + label * width + index]
                        .addProduct(logits[label], feature[index])
                }
                gradients[bias + label] += logits[label]
            }
        }
    }
}

extension ParameterLayout {
    /// Where a tensor begins.
    func start(of name: String) -> Int { tensors.first { $0.name == name }?.offset ?? 0 }

    /// A tensor's values.
    fileprivate func part(_ name: String, of values: [Float]) -> [Float] {
        tensors.filter { $0.name == name }.flatMap { values[$0.offset..<$0.offset + $0.count] }
    }
}
