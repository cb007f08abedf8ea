import Glibc
import NeuralNetwork

/// The network in double precision and plain loops, to hold the real one to.
///
/// It shares with that only the order of the parameters: PyTorch's `state_dict`.
struct ReferenceNetwork {
    let architecture: Architecture
    /// All parameters, tensor after tensor.
    var parameters: [Double]

    /// The summed cross entropy of images [N][L][D] against their labels.
    func loss(_ images: [[Double]], _ labels: [UInt8]) -> Double {
        zip(images, labels).reduce(0) { sum, example in
            let logits = logits(of: example.0)
            let largest = logits.max() ?? 0
            let total = logits.reduce(0) { $0 + exp($1 - largest) }
            return sum + log(total) + largest - logits[Int(example.1)]
        }
    }

    /// The logits [C] of one image [L][D].
    func logits(of image: [Double]) -> [Double] {
        let size = architecture.inputSize
        var sequence = (0..<architecture.timeSteps).map { time in
            Array(image[time * size..<(time + 1) * size])
        }
        var rest = parameters[...]
        for _ in 0..<architecture.layers { sequence = layer(sequence, &rest) }
        let last = sequence[architecture.timeSteps - 1]
        let weight = take(architecture.classes * last.count, &rest)
        return zip(product(weight, last), take(architecture.classes, &rest)).map(+)
    }

    /// The derivative of the summed loss by each parameter, by central differences.
    func numericalGradient(_ images: [[Double]], _ labels: [UInt8]) -> [Double] {
        let step = 1e-5
        var moved = self
        return parameters.indices.map { index in
            moved.parameters[index] = parameters[index] + step
            let above = moved.loss(images, labels)
            moved.parameters[index] = parameters[index] - step
            let below = moved.loss(images, labels)
            moved.parameters[index] = parameters[index]
            return (above - below) / (2 * step)
        }
    }

    /// The hidden states of all time steps; takes the layer's parameters off `rest`.
    private func layer(_ sequence: [[Double]], _ rest: inout ArraySlice<Double>) -> [[Double]] {
        let hiddenSize = architecture.hiddenSize
        let weightIH = take(hiddenSize * sequence[0].count, &rest)
        let weightHH = take(hiddenSize * hiddenSize, &rest)
        let biasIH = take(hiddenSize, &rest)
        let biasHH = take(hiddenSize, &rest)
        var hidden = [Double](repeating: 0, count: hiddenSize)
        return sequence.map { input in
            let fromInput = product(weightIH, input)
            let fromHidden = product(weightHH, hidden)
            hidden = (0..<hiddenSize).map { unit in
                let sum = fromInput[unit] + biasIH[unit] + fromHidden[unit] + biasHH[unit]
                return architecture.nonlinearity == .tanh ? tanh(sum) : max(sum, 0)
            }
            return hidden
        }
    }

    private func take(_ count: Int, _ rest: inout ArraySlice<Double>) -> [Double] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The product of a matrix, row by row, and a vector.
    private func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        (0..<matrix.count / vector.count).map { row in
            vector.indices.reduce(0) { $0 + matrix[row * vector.count + $1] * vector[$1] }
        }
    }
}
