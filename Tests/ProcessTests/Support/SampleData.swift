import FoundationEssentials
import TestSupport

/// A small learnable data set, with the same bytes every time.
///
/// Each class has a pattern; each image is its class's pattern with noise.
struct SampleData {
    static let trainImages = "train-images-idx3-ubyte"
    static let trainLabels = "train-labels-idx1-ubyte"
    static let testImages = "t10k-images-idx3-ubyte"
    static let testLabels = "t10k-labels-idx1-ubyte"

    let folder: String

    /// A data set that exists already.
    init(at folder: String) { self.folder = folder }

    /// A data set for ``Recipe/long``.
    static func large() throws -> SampleData { try SampleData(train: 6000, side: 28) }

    /// Writes the data set to a folder on the test's bench.
    init(
        _ name: String = "data", train: Int = 600, test: Int = 200, side: Int = 12,
        classes: Int = 10
    ) throws {
        folder = bench.path(name)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        var noise = SplitMix64(state: 2024)
        let patterns = (0..<classes).map { _ in
            (0..<side * side).map { _ in noise.byte() < 80 ? 190 : 10 }
        }
        for (images, labels, count) in [
            (Self.trainImages, Self.trainLabels, train), (Self.testImages, Self.testLabels, test),
        ] {
            let classOf = (0..<count).map { _ in Int(noise.byte()) % classes }
            let pixels = classOf.flatMap { patterns[$0].map { UInt8($0 + noise.byte() / 4) } }
            try write(images, idx([count, side, side], pixels))
            try write(labels, idx([count], classOf.map { UInt8($0) }))
        }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: path(name)))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }

    /// Turns the image files into float32 files with the values that networks compute from the pixels.
    func turnIntoFloats() throws {
        for name in [Self.trainImages, Self.testImages] {
            let bytes = try readFile(path(name))
            let floats = bytes.dropFirst(16).map { (Float($0) / 255).bitPattern.bigEndian }
            try write(
                name.replacing("ubyte", with: "float"),
                [0, 0, 0x0d, 3] + bytes[4..<16]
                    + floats.flatMap { withUnsafeBytes(of: $0, Array.init) })
            try remove(name)
        }
    }

    /// Changes the bytes of one file.
    func change(_ name: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try readFile(path(name))
        change(&bytes)
        try write(name, bytes)
    }
}

/// An IDX file of unsigned bytes.
func idx(_ dimensions: [Int], _ elements: [UInt8]) -> [UInt8] {
    let sizes = dimensions.flatMap { size in
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: size >> $0) }
    }
    return [0, 0, 8, UInt8(dimensions.count)] + sizes + elements
}

/// The bytes of a file.
func readFile(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
}

/// Writes a file to the test's bench, and returns its path.
func writeFile(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = bench.path(name)
    try Data(bytes).write(to: URL(filePath: path))
    return path
}

extension SplitMix64 {
    mutating func byte() -> Int { Int(next() >> 56) }
}
