import CPNG

extension Picture {
    /// The most pixels that a picture may have.
    public static let mostPixels = 64_000_000

    /// Decodes a PNG file of any kind: colour becomes grey, what is transparent shows white.
    ///
    /// The file is not trusted: the pixels are allocated only once its header is known to announce
    /// no more than ``mostPixels``.
    public init(png bytes: [UInt8], path: String) throws(ImageError) {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        guard bytes.starts(with: signature) else { throw .notPNG(file: path) }
        let decoded = bytes.withUnsafeBytes { bytes in
            Result { () throws(ImageError) in try decode(bytes, path: path) }
        }
        self = try decoded.get()
    }
}

private func decode(
    _ bytes: UnsafeRawBufferPointer, path: String
) throws(ImageError) -> Picture {
    // libpng remembers the address, so it must not change between the calls.
    let image = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
    image.initialize(to: png_image())
    image.pointee.version = png_uint_32(PNG_IMAGE_VERSION)
    defer {
        png_image_free(image)
        image.deallocate()
    }
    guard png_image_begin_read_from_memory(image, bytes.baseAddress, bytes.count) != 0 else {
        throw .damaged(file: path, reason: message(of: image.pointee))
    }
    let (width, height) = (Int(image.pointee.width), Int(image.pointee.height))
    guard width <= Picture.mostPixels / height else {
        throw .tooLarge(file: path, width: width, height: height)
    }
    let notes = ["\(width)x\(height)"] + conversions(of: image.pointee.format)

    // Otherwise libpng would take 16 bits for proportional to the light.
    image.pointee.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    image.pointee.format = png_uint_32(PNG_FORMAT_GRAY)
    var white = png_color(red: 255, green: 255, blue: 255)
    var pixels = [UInt8](repeating: 0, count: width * height)
    guard png_image_finish_read(image, &white, &pixels, png_int_32(width), nil) != 0 else {
        throw .damaged(file: path, reason: message(of: image.pointee))
    }
    return Picture(rows: height, columns: width, pixels: pixels, notes: notes)
}

/// What a picture of this format loses on the way to grey.
private func conversions(of format: png_uint_32) -> [String] {
    var notes: [String] = []
    if format & png_uint_32(PNG_FORMAT_FLAG_COLOR) != 0 { notes.append("colour made grey") }
    if format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) != 0 { notes.append("laid on white") }
    return notes
}

private func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
