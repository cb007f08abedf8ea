import Kernels
import NeuralNetwork
import TestSupport

/// Images and their labels.
struct Batch {
    /// All pixels, image after image.
    var pixels: [UInt8]
    var labels: [UInt8]

    /// Random images for a network of the given form.
    static func random(_ count: Int, for architecture: Architecture, seed: UInt64) -> Batch {
        Batch(
            pixels: randomBytes(count * architecture.exampleSize, seed: seed),
            labels: randomBytes(count, seed: seed + 1, below: architecture.classes))
    }

    /// The images at these indices, in this order.
    func picking(_ indices: some Sequence<Int>) -> Batch {
        let size = pixels.count / labels.count
        return Batch(
            pixels: indices.flatMap { pixels[$0 * size..<($0 + 1) * size] },
            labels: indices.map { labels[$0] })
    }

    /// The images with zeros in this many first and last time steps.
    func blank(first: Int, last: Int, for architecture: Architecture) -> Batch {
        let steps = architecture.timeSteps
        return blank(for: architecture) { step, _ in step < first || step >= steps - last }
    }

    /// The images with zeros in this many first and last values of every time step; in one time step, one column
    /// fewer on either side is blank, if possible.
    func blank(left: Int, right: Int, for architecture: Architecture) -> Batch {
        let steps = architecture.timeSteps
        let width = architecture.exampleSize / steps
        return blank(for: architecture) { step, column in
            let more = step == steps / 2 ? 1 : 0
            return column < left - more || column >= width - right + more
        }
    }

    /// The images with zeros where `isBlank` is true.
    private func blank(
        for architecture: Architecture, where isBlank: (_ step: Int, _ column: Int) -> Bool
    ) -> Batch {
        let size = architecture.exampleSize
        let width = size / architecture.timeSteps
        let order = architecture.pixelOrder ?? Array(0..<size)
        var batch = self
        for index in labels.indices {
            for (place, pixel) in order.enumerated() where isBlank(place / width, place % width) {
                batch.pixels[index * size + pixel] = 0
            }
        }
        return batch
    }

    /// The images one by one, scaled to [0, 1].
    var images: [[Double]] {
        let size = pixels.count / labels.count
        return labels.indices.map { index in
            pixels[index * size..<(index + 1) * size].map { Double($0) / 255 }
        }
    }
}

/// The outputs of a network for a batch.
struct Pass {
    /// The logits of each row.
    var logits: [[Float]] = []
    /// The cross entropy of each row.
    var losses: [ExampleLoss] = []

    var meanLoss: Double { losses.reduce(0) { $0 + Double($1.loss) } / Double(losses.count) }
}

extension Network {
    /// A network with parameters, and the capacity of its batches.
    convenience init(
        _ architecture: Architecture, parameters: [Float], capacity: Int,
        kernels: any KernelSet.Type
    ) {
        self.init(architecture, capacity: capacity, kernels: kernels)
        FloatBuffer(parameters).withBytes { load($0) }
    }

    /// Runs a batch forward and backward; `draws` determines which outputs each row drops.
    func run(
        _ batch: Batch, dropping draws: [ReferenceDraw] = [], smoothing: Double = 0,
        sharing: Bool = false
    ) -> Pass {
        let rows = batch.labels.count
        let size = architecture.exampleSize
        for row in 0..<rows {
            let pixels = batch.pixels.span.extracting(row * size..<(row + 1) * size)
            setInput(pixels.bytes, row: row, of: rows)
        }
        forward(rows: rows, dropping: draws.map(\.draw), sharing: sharing)
        var pass = Pass()
        for row in 0..<rows {
            pass.logits.append(logits(row: row))
            let label = Int(batch.labels[row])
            pass.losses.append(loss(row: row, label: label, smoothing: smoothing))
        }
        backward(rows: rows)
        return pass
    }

    /// The parameter gradients of part of the last batch, which had `rows` rows.
    func gradients(of part: Range<Int>, rows: Int) -> [Float] {
        let gradients = FloatBuffer(count: layout.count)
        addParameterGradients(of: part, rows: rows, to: gradients)
        return gradients.values
    }
}

extension ParameterLayout.Tensor {
    /// The tensor's slice of a flat buffer.
    func part<Value>(of values: [Value]) -> ArraySlice<Value> { values[offset..<offset + count] }
}
