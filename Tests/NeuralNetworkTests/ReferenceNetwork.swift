import Glibc
import NeuralNetwork
import Randomness

/// The network in double precision and plain loops, as a reference.
///
/// It shares only two things with the real one: the parameter order of PyTorch's `state_dict`, and the labels of
/// random streams.
struct ReferenceNetwork {
    let architecture: Architecture
    /// All parameters, tensor after tensor.
    var parameters: [Double]
    /// The dropout of each image; if empty, nothing is dropped.
    var draws: [ReferenceDraw] = []
    /// The share of each target that is spread evenly over all classes.
    var smoothing = 0.0

    /// The summed cross entropy of images [N][rows][columns] against their smoothed labels.
    func loss(_ images: [[Double]], _ labels: [UInt8]) -> Double {
        images.indices.reduce(0) { sum, index in
            let logits = logits(of: images[index], draw: draws.isEmpty ? nil : draws[index])
            let largest = logits.max() ?? 0
            let total = logits.reduce(0) { $0 + exp($1 - largest) }
            let mean = logits.reduce(0, +) / Double(logits.count)
            let aim = (1 - smoothing) * logits[Int(labels[index])] + smoothing * mean
            return sum + log(total) + largest - aim
        }
    }

    /// The logits [C] of one image.
    func logits(of image: [Double], draw: ReferenceDraw? = nil) -> [Double] {
        var rest = parameters[...]
        var sequence = sequence(of: image, &rest)
        for layer in 0..<architecture.layers {
            let directions = (0..<(architecture.isBidirectional ? 2 : 1)).map { direction in
                let steps = direction == 0 ? sequence : sequence.reversed()
                var outputs = hiddenStates(steps, &rest)
                if direction == 1 { outputs.reverse() }
                guard let draw, layer < architecture.layers - 1 else { return outputs }
                let mask = draw.mask(architecture, layer: layer, direction: direction)
                return zip(outputs, mask).map { zip($0, $1).map(*) }
            }
            sequence = sequence.indices.map { time in directions.flatMap { $0[time] } }
        }
        let features =
            switch architecture.readout {
            case .last: sequence[sequence.count - 1]
            case .mean:
                sequence[0].indices.map { unit in
                    sequence.reduce(0) { $0 + $1[unit] } / Double(sequence.count)
                }
            }
        let weight = take(architecture.classes * features.count, &rest)
        return zip(product(weight, features), take(architecture.classes, &rest)).map(+)
    }

    /// The derivative of the summed loss with respect to each parameter, by central differences.
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

    /// The time steps of an image [rows][columns]; removes the convolutions' parameters from `rest`.
    private func sequence(of image: [Double], _ rest: inout ArraySlice<Double>) -> [[Double]] {
        let (rows, columns) = (architecture.imageRows, architecture.imageColumns)
        var maps = ReferenceMaps(channels: 1, rows: rows, columns: columns, values: image)
        for channels in architecture.convolutions {
            let weight = take(channels * maps.channels * 9, &rest)
            let bias = take(channels, &rest)
            maps = maps.convolved(weight: weight, bias: bias).rectified.pooled
        }
        guard architecture.convolutions.isEmpty else { return maps.sequence }
        switch architecture.sequence {
        case .rows:
            return (0..<rows).map { row in (0..<columns).map { image[row * columns + $0] } }
        case .columns:
            return (0..<columns).map { column in (0..<rows).map { image[$0 * columns + column] } }
        case .pixels:
            return image.map { [$0] }
        case .permuted:
            var random = Philox(seed: 0, for: "permuted pixels")
            return random.permutation(of: rows * columns).map { [image[Int($0)]] }
        }
    }

    /// The hidden states of a layer in one direction; removes its parameters from `rest`.
    private func hiddenStates(
        _ sequence: [[Double]], _ rest: inout ArraySlice<Double>
    ) -> [[Double]] {
        let hiddenSize = architecture.hiddenSize
        let sums = architecture.cell.referenceGates * hiddenSize
        let weightIH = take(sums * sequence[0].count, &rest)
        let weightHH = take(sums * hiddenSize, &rest)
        let biasIH = take(sums, &rest)
        let biasHH = take(sums, &rest)
        var memory = ReferenceMemory(
            hidden: Array(repeating: 0, count: hiddenSize),
            state: Array(repeating: 0, count: hiddenSize))
        return sequence.map { input in
            let fromInput = zip(product(weightIH, input), biasIH).map(+)
            let fromHidden = zip(product(weightHH, memory.hidden), biasHH).map(+)
            memory.advance(architecture, fromInput: fromInput, fromHidden: fromHidden)
            return memory.hidden
        }
    }

    private func take(_ count: Int, _ rest: inout ArraySlice<Double>) -> [Double] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The product of a row-major matrix and a vector.
    private func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        (0..<matrix.count / vector.count).map { row in
            var sum = 0.0
            for index in vector.indices {
                sum += matrix[row * vector.count + index] * vector[index]
            }
            return sum
        }
    }
}
