/// Examples of one shape, such as grey images, each with a label.
public struct ExampleSet: Sendable, Equatable {
    /// The shape of each example.
    public let shape: ExampleShape
    /// The bytes of all values [count, rows, columns], row-major; pixels from 0, black (MNIST's
    /// background), to 255.
    public let values: [UInt8]
    /// The class of each example [count], from 0.
    public let labels: [UInt8]

    /// The number of examples.
    public var count: Int { labels.count }

    /// A set of labels.count examples; other sizes are a programmer's error.
    public init(_ shape: ExampleShape, values: [UInt8], labels: [UInt8]) {
        precondition(values.count == labels.count * shape.byteCount, "values and labels differ")
        self.shape = shape
        self.values = values
        self.labels = labels
    }

    /// The bytes [rows, columns] of one example.
    public subscript(index: Int) -> [UInt8] {
        Array(values[index * shape.byteCount..<(index + 1) * shape.byteCount])
    }
}
