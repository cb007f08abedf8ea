/// The examples of one IDX file, gzipped or raw, without labels.
public struct ExampleFile: Sendable {
    /// The number of examples.
    public let count: Int
    /// The shape of each example.
    public let shape: ExampleShape
    /// The bytes of all values [count, rows, columns], row-major.
    public let values: [UInt8]
    /// What was ignored in a file that can be used, in one line; nil if nothing.
    public let warning: String?

    /// Reads a file of examples and checks it to its last byte.
    public init(path: String) throws(DatasetError) {
        let file = try IDXFile(path: path, content: .examples)
        (count, shape, values) = (file.dimensions[0], file.exampleShape, file.elements)
        warning = file.warning
    }

    /// The bytes [rows, columns] of one example.
    public subscript(index: Int) -> ArraySlice<UInt8> {
        values[index * shape.byteCount..<(index + 1) * shape.byteCount]
    }
}
