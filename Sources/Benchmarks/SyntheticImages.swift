import Files
import Randomness

/// A data set in MNIST's format with random images.
///
/// Without blank time steps, a step takes as long as with any images.
package struct SyntheticImages {
    private static let side = 28
    private static let classes = 10

    /// The training images.
    let train: Int
    /// The test images.
    let test: Int

    /// As many images as MNIST has by default.
    package init(train: Int = 60_000, test: Int = 10_000) {
        self.train = train
        self.test = test
    }

    /// Writes the four IDX files.
    package func write(to folder: String) throws(FileError) {
        var random = Philox(seed: 0, for: "benchmark images")
        for (name, count) in [("train", train), ("t10k", test)] {
            let pixels = (0..<count * Self.side * Self.side / 4).flatMap { _ in
                let word = random.next32()
                return (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            }
            let labels = (0..<count).map { UInt8($0 % Self.classes) }
            try Files.writeAtomically(
                idxHeader(count, Self.side, Self.side) + pixels,
                to: "\(folder)/\(name)-images-idx3-ubyte")
            try Files.writeAtomically(
                idxHeader(count) + labels, to: "\(folder)/\(name)-labels-idx1-ubyte")
        }
    }
}

/// The header of an IDX file of unsigned bytes.
private func idxHeader(_ dimensions: Int...) -> [UInt8] {
    let sizes = dimensions.flatMap { size in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) }
    }
    return [0, 0, 8, UInt8(dimensions.count)] + sizes
}
