import CPNG
import FileFormats

extension Picture {
    /// The most pixels that a picture may have.
    public static let mostPixels = 64_000_000

    /// Decodes a PNG file of any kind: colour becomes grey, and transparent parts show a background.
    ///
    /// The background is white or black, whichever the picture differs more from.
    ///
    /// The file is untrusted: the pixels are allocated only after its header announces no more than
    /// ``mostPixels``, and no more than its data can hold.
    public init(png bytes: [UInt8], path: String) throws(ImageError) {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        guard bytes.starts(with: signature) else {
            throw .notPNG(file: path, found: FileFormat(of: bytes))
        }
        let decoded = bytes.withUnsafeBytes { bytes in
            Result { () throws(ImageError) in try PNGSamples(decoding: bytes, path: path) }
        }
        let samples = try decoded.get()
        let (pixels, conversions) = samples.grey()
        self.init(
            rows: samples.rows, columns: samples.columns, pixels: pixels,
            notes: ["\(samples.columns)x\(samples.rows)"] + conversions)
    }
}

/// The samples of a PNG file, not yet converted.
struct PNGSamples {
    let rows: Int
    let columns: Int
    /// 1 for grey, 2 for grey and alpha, 3 for colours, 4 for colours and alpha.
    let channels: Int
    /// The largest value of a sample: 255 or 65535.
    let largest: Int
    /// The exponent of the file's samples relative to the light; nil if the file has none.
    let gamma: Double?
    /// Whether the file continues with an animation.
    let isAnimated: Bool
    /// [rows, columns, channels]: bytes, or two bytes per sample, the higher one first.
    let bytes: [UInt8]

    /// Decodes the bytes of a file with a PNG file's signature.
    init(decoding file: UnsafeRawBufferPointer, path: String) throws(ImageError) {
        // libpng remembers the address, so it must not change between the calls.
        let reader = UnsafeMutablePointer<tern_png>.allocate(capacity: 1)
        reader.initialize(to: tern_png())
        defer {
            tern_png_end(reader)
            reader.deallocate()
        }
        guard tern_png_begin(reader, file.baseAddress, file.count) != 0 else {
            throw .damaged(file: path, reason: message(of: reader.pointee))
        }
        let header = reader.pointee
        (rows, columns) = (Int(header.height), Int(header.width))
        guard columns <= Picture.mostPixels / rows else {
            throw .tooLarge(file: path, width: columns, height: rows)
        }
        // Deflated data never unpack to more than 1032 times their size.
        guard Int(header.packed_row) * rows / 1032 <= file.count else {
            throw .damaged(
                file: path,
                reason: "it announces \(columns)x\(rows) pixels and is too short for them")
        }
        (channels, largest) = (Int(header.channels), header.depth == 16 ? 65535 : 255)
        gamma = header.gamma > 0 ? header.gamma : nil
        isAnimated = header.is_animated != 0

        var bytes = [UInt8](repeating: 0, count: Int(header.row) * rows)
        guard tern_png_read(reader, &bytes) != 0 else {
            throw .damaged(file: path, reason: message(of: reader.pointee))
        }
        self.bytes = bytes
    }
}

private func message(of reader: tern_png) -> String {
    withUnsafeBytes(of: reader.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
