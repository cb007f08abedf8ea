/// The extent of a product C = A·B and the order of its inner dimension.
///
/// The inner dimension is `segments` runs of `depth` terms. Within a run, A advances by its column
/// stride and B by its row stride; between runs, they jump by the segment strides. So the weight
/// gradient of all time steps is one product: a run is the examples of one time step, and the jump
/// leads to the same examples of the next.
public struct ProductShape: Sendable {
    /// The rows of A and C.
    public var rows: Int
    /// The columns of B and C.
    public var columns: Int
    /// The terms of one run of the inner dimension.
    public var depth: Int
    /// The number of runs.
    public var segments = 1
    /// The distance in A from one run to the next, in values.
    public var aSegmentStride = 0
    /// The distance in B from one run to the next, in values.
    public var bSegmentStride = 0
    /// Whether the product is added to what C holds (the chain then starts from it).
    public var accumulates = false

    /// A product over one run of `depth` terms.
    public init(rows: Int, columns: Int, depth: Int, accumulates: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.depth = depth
        self.accumulates = accumulates
    }

    /// Whether C's transpose takes fewer vectors, full or not, than C.
    public var isNarrow: Bool {
        func vectors(_ count: Int) -> Int { (count + 15) / 16 }
        return columns * vectors(rows) < rows * vectors(columns)
    }
}

/// The operands of one product in a sum of products, and the order of its inner dimension, as in
/// ``ProductShape``.
///
/// The right operands of both products of a sum are packed, or neither is.
public struct ProductTerms {
    /// The left operand, whose rows are those of the result.
    public var a: Matrix
    /// The right operand, whose columns are those of the result, with a column stride of 1.
    public var b: Matrix
    /// If `b` is a ``PackedMatrix``, with one run: its number of rows, and the first one used.
    public var packing: (rows: Int, first: Int)?
    /// The terms of one run of the inner dimension; 0 for a product that adds nothing.
    public var depth: Int
    /// The number of runs.
    public var segments = 1
    /// The distance in A from one run to the next, in values.
    public var aSegmentStride = 0
    /// The distance in B from one run to the next, in values.
    public var bSegmentStride = 0

    /// The operands of a product over one run of `depth` terms.
    public init(_ a: Matrix, _ b: Matrix, depth: Int) {
        self.a = a
        self.b = b
        self.depth = depth
    }

    /// The operands of a product with the rows of a packed matrix from `first` on.
    public init(_ a: Matrix, _ b: PackedMatrix, from first: Int = 0, depth: Int) {
        self.init(a, b.view, from: first, depth: depth)
    }

    /// The operands of a product with the rows of a packed matrix from `first` on.
    public init(_ a: Matrix, _ b: PackedColumns, from first: Int, depth: Int) {
        // Each panel has its own row stride.
        self.init(a, Matrix(base: b.base, rowStride: 0, columnStride: 1), depth: depth)
        packing = (b.rows, first)
    }

    /// The operands of the product that `shape` describes.
    public init(_ a: Matrix, _ b: Matrix, _ shape: ProductShape) {
        self.init(a, b, depth: shape.depth)
        segments = shape.segments
        aSegmentStride = shape.aSegmentStride
        bSegmentStride = shape.bSegmentStride
    }
}
