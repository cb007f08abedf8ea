import Randomness

/// Which pixel of an image is read when.
struct InputOrder {
    /// For each value of the sequence the pixel that it comes from; nil where they are in order.
    private let pixels: [Int]?

    init(_ architecture: Architecture) {
        let (rows, columns) = (architecture.imageRows, architecture.imageColumns)
        switch architecture.sequence {
        case .rows, .pixels: pixels = nil
        case .columns:
            pixels = (0..<rows * columns).map { $0 % rows * columns + $0 / rows }
        case .permuted:
            // Not the run's seed: the task must be the same for all runs.
            var random = Philox(seed: 0, for: "permuted pixels")
            pixels = random.permutation(of: rows * columns).map { Int($0) }
        }
    }

    /// Calls `body` with the image's bytes in the order of reading.
    func withOrdered(_ image: RawSpan, _ body: (RawSpan) -> Void) {
        guard let pixels else { return body(image) }
        let ordered = pixels.map { image.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        body(ordered.span.bytes)
    }
}
