import Randomness

/// Which pixel of an image is read when.
struct InputOrder {
    /// For each value of the sequence the pixel that it comes from; nil where they are in order.
    private let pixels: [Int]?

    init(_ architecture: Architecture) {
        pixels = architecture.pixelOrder
    }

    /// Calls `body` with the image's bytes in the order of reading.
    func withOrdered(_ image: RawSpan, _ body: (RawSpan) -> Void) {
        guard let pixels else { return body(image) }
        let ordered = pixels.map { image.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        body(ordered.span.bytes)
    }
}

extension Architecture {
    /// For each value of the sequence the pixel that it comes from; nil where they are in order.
    public var pixelOrder: [Int]? {
        switch sequence {
        case .rows, .pixels: return nil
        case .columns:
            return (0..<exampleSize).map { $0 % imageRows * imageColumns + $0 / imageRows }
        case .permuted:
            // Not the run's seed: the task must be the same for all runs.
            var random = Philox(seed: 0, for: "permuted pixels")
            return random.permutation(of: exampleSize).map { Int($0) }
        }
    }
}
