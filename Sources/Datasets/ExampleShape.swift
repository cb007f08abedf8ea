import KernelInterface

/// The shape that all examples of a data set share: images, or other sequences of values.
public struct ExampleShape: Sendable, Hashable {
    /// Pixel rows of an image; time steps of another sequence.
    public let rows: Int
    /// Pixel columns of an image; values per time step of another sequence.
    public let columns: Int
    /// The type of the values.
    public let element: ElementType

    /// A shape of `rows` x `columns` values; sizes below 1 are a programmer's error.
    public init(rows: Int, columns: Int, element: ElementType = .uint8) {
        precondition(rows > 0 && columns > 0, "an example has at least one value")
        self.rows = rows
        self.columns = columns
        self.element = element
    }

    /// The bytes of one example.
    public var byteCount: Int { rows * columns * element.size }

    /// The usual word for examples of this shape.
    public var noun: String { element == .uint8 ? "images" : "sequences" }
}

extension ExampleShape: CustomStringConvertible {
    /// The sizes, and the type if it is not a pixel's: `28x28`, or `100x3 float32`.
    public var description: String {
        "\(rows)x\(columns)" + (element == .uint8 ? "" : " \(element.rawValue)")
    }
}
