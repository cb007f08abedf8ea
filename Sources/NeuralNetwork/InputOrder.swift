import Randomness

/// Which pixel of an image is read when.
struct InputOrder {
    /// For each byte of the sequence the byte of the image that it comes from; nil where they are
    /// in order.
    private let bytes: [Int]?

    init(_ architecture: Architecture) {
        let size = architecture.element.size
        bytes = architecture.pixelOrder.map { pixels in
            pixels.flatMap { pixel in (0..<size).map { pixel * size + $0 } }
        }
    }

    /// Calls `body` with the image's bytes in the order of reading.
    func withOrdered(_ image: RawSpan, _ body: (RawSpan) -> Void) {
        guard let bytes else { return body(image) }
        let ordered = bytes.map { image.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
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
