/// Grey images of one size, each with a label.
public struct ImageSet: Sendable, Equatable {
    /// Pixel rows of an image.
    public let rows: Int
    /// Pixel columns of an image.
    public let columns: Int
    /// All pixels [count, rows, columns], row-major, 0 black (MNIST's background) to 255.
    public let pixels: [UInt8]
    /// The class of each image [count], from 0.
    public let labels: [UInt8]

    /// How many images there are.
    public var count: Int { labels.count }

    /// A set of images [labels.count, rows, columns]; other sizes are a programmer's error.
    public init(rows: Int, columns: Int, pixels: [UInt8], labels: [UInt8]) {
        precondition(rows > 0 && columns > 0, "an image has at least one pixel")
        precondition(pixels.count == labels.count * rows * columns, "pixels and labels differ")
        self.rows = rows
        self.columns = columns
        self.pixels = pixels
        self.labels = labels
    }
}
