import CZlib
import Datasets
import FoundationEssentials

/// The canonical names of the four files.
enum FileName {
    static let trainImages = "train-images-idx3-ubyte"
    static let trainLabels = "train-labels-idx1-ubyte"
    static let testImages = "t10k-images-idx3-ubyte"
    static let testLabels = "t10k-labels-idx1-ubyte"
}

/// A tiny valid data set: 12 training and 6 test images of 3 x 2 pixels in 3 classes.
let sampleFiles: [String: [UInt8]] = [
    FileName.trainImages: idx([12, 3, 2], elements: (0..<72).map { UInt8($0 * 3) }),
    FileName.trainLabels: idx([12], elements: (0..<12).map { UInt8($0 % 3) }),
    FileName.testImages: idx([6, 3, 2], elements: (0..<36).map { UInt8(255 - $0) }),
    FileName.testLabels: idx([6], elements: (0..<6).map { UInt8($0 % 3) }),
]

/// A temporary folder of files, removed with the object.
final class SampleFolder {
    let path: String

    init(_ files: [String: [UInt8]] = sampleFiles) throws {
        let temporary = FileManager.default.temporaryDirectory
        path = temporary.appending(path: "tern-datasets-\(UUID())").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for (name, bytes) in files { try write(name, bytes) }
    }

    /// The sample data set with one file's content replaced.
    convenience init(_ name: String, holds bytes: [UInt8]) throws {
        try self.init(sampleFiles.merging([name: bytes]) { $1 })
    }

    /// A data set with these labels and images of one pixel.
    convenience init(train: [UInt8], test: [UInt8]) throws {
        try self.init([
            FileName.trainImages: idx([train.count, 1, 1], elements: train),
            FileName.trainLabels: idx([train.count], elements: train),
            FileName.testImages: idx([test.count, 1, 1], elements: test),
            FileName.testLabels: idx([test.count], elements: test),
        ])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: self[name]))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: self[name])
    }

    /// The path of a file in the folder.
    subscript(name: String) -> String { "\(path)/\(name)" }

    func load(_ named: NamedDataset = .mnist) async throws(DatasetError) -> Dataset {
        try await Dataset.load(named, directory: path, environment: [:])
    }
}

/// An IDX file of unsigned bytes; the dimensions may be wrong.
func idx(_ dimensions: [Int], elements: [UInt8]) -> [UInt8] {
    [0, 0, 0x08, UInt8(dimensions.count)] + dimensions.flatMap { bigEndian(UInt32($0)) } + elements
}

/// An IDX file of float32 values.
func idx(_ dimensions: [Int], floats: [Float]) -> [UInt8] {
    [0, 0, 0x0d, UInt8(dimensions.count)] + dimensions.flatMap { bigEndian(UInt32($0)) }
        + floats.flatMap { bigEndian($0.bitPattern) }
}

private func bigEndian(_ value: UInt32) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// One gzip member of these bytes.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
        &stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var packed = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let count = bytes.withUnsafeBufferPointer { input in
        packed.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            deflate(&stream, Z_FINISH)
            return Int(stream.total_out)
        }
    }
    return Array(packed.prefix(count))
}
