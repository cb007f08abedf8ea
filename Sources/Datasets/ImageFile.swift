/// The images of one IDX file, gzipped or raw, without labels.
public struct ImageFile: Sendable {
    /// How many images there are.
    public let count: Int
    /// Pixel rows of an image.
    public let rows: Int
    /// Pixel columns of an image.
    public let columns: Int
    /// All pixels [count, rows, columns], row-major, 0 black (MNIST's background) to 255.
    public let pixels: [UInt8]

    /// Reads a file of images and checks it to its last byte.
    public init(path: String) throws(DatasetError) {
        let file = try IDXFile(path: path, rank: 3)
        (count, rows, columns) = (file.dimensions[0], file.dimensions[1], file.dimensions[2])
        pixels = file.elements
    }

    /// The pixels [rows, columns] of one image.
    public subscript(index: Int) -> ArraySlice<UInt8> {
        let size = rows * columns
        return pixels[index * size..<(index + 1) * size]
    }
}
