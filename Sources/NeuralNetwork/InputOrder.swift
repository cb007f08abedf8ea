import Randomness

extension Architecture {
    /// For each value of the sequence, the pixel that it comes from; nil if they are in order.
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
