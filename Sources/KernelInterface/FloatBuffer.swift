/// A block of float32 values that kernels read and write, aligned to a cache line.
///
/// One spare vector after the last value lets kernels load whole vectors at the end of a row. One
/// thread owns a buffer; other threads read a ``Snapshot`` or get ownership through a ``Handover``.
public final class FloatBuffer: FloatStorage {
    /// The number of values.
    public let count: Int

    // A pointer, not an array: kernels need stable, aligned memory with spare room at the end.
    private let base: UnsafeMutablePointer<Float>

    private static let alignment = 64
    private static let slack = 32

    /// Makes a buffer of `count` zeros.
    public init(count: Int) {
        precondition(count >= 0, "a buffer cannot hold \(count) values")
        self.count = count
        let bytes = (count + Self.slack) * MemoryLayout<Float>.stride
        base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
            .bindMemory(to: Float.self, capacity: count + Self.slack)
        base.initialize(repeating: 0, count: count + Self.slack)
    }

    /// Makes a buffer that holds a copy of `values`.
    public convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { base[index] = value }
    }

    /// Makes a copy of other values.
    public convenience init(copying other: some FloatStorage) {
        self.init(count: other.count)
        other.withBytes { copy(from: $0) }
    }

    deinit { base.deallocate() }

    /// One value.
    public subscript(index: Int) -> Float {
        get { vector[index] }
        set { vector[index] = newValue }
    }

    /// A row-major matrix that begins at `offset` and whose rows are `stride` values apart.
    ///
    /// The view does not keep the buffer alive.
    public func matrix(at offset: Int = 0, stride: Int) -> Matrix {
        vector.matrix(at: offset, stride: stride)
    }

    /// A run of values that begins at `offset`; the view does not keep the buffer alive.
    public func vector(at offset: Int = 0, count length: Int) -> Vector {
        vector.vector(at: offset, count: length)
    }

    /// All values as one run; the view does not keep the buffer alive.
    public var vector: Vector { Vector(base: base, count: count) }

    /// Copies in a little-endian float32 payload of exactly this buffer's size.
    public func copy(from bytes: RawSpan) {
        vector.copy(from: bytes)
    }

    /// Sets every value to zero.
    public func zero() { base.update(repeating: 0, count: count) }

    /// The values as little-endian float32 bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = UnsafeRawBufferPointer(start: base, count: count * 4)
        return try body(bytes.bytes)
    }
}

/// A view of a run of float32 values inside a ``FloatBuffer``.
public struct Vector {
    /// Where the run begins: a raw pointer because kernels load whole SIMD vectors from it.
    public let base: UnsafeMutablePointer<Float>
    /// The number of values.
    public let count: Int

    /// Makes a view of `count` values at `base`.
    public init(base: UnsafeMutablePointer<Float>, count: Int) {
        self.base = base
        self.count = count
    }

    /// One value.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            return base[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            base[index] = newValue
        }
    }

    /// A row-major matrix that begins at `offset` and whose rows are `stride` values apart.
    public func matrix(at offset: Int = 0, stride: Int) -> Matrix {
        precondition(offset >= 0 && offset <= count, "offset \(offset) is outside 0...\(count)")
        return Matrix(base: base + offset, rowStride: stride, columnStride: 1)
    }

    /// A part of the run that begins at `offset`.
    public func vector(at offset: Int = 0, count length: Int) -> Vector {
        precondition(
            offset >= 0 && length >= 0 && offset + length <= count,
            "\(offset)..<\(offset + length) is outside 0..<\(count)")
        return Vector(base: base + offset, count: length)
    }

    /// Calls `body` with a view of little-endian float32 values that it must not change.
    ///
    /// - Returns: false if the bytes do not lie where values may, and then `body` is not called.
    public static func withView(of bytes: RawSpan, _ body: (Vector) -> Void) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress,
                UInt(bitPattern: start) % UInt(MemoryLayout<Float>.alignment) == 0
            else { return false }
            let count = bytes.count / MemoryLayout<Float>.stride
            let values = UnsafeMutableRawPointer(mutating: start)
            values.withMemoryRebound(to: Float.self, capacity: count) { values in
                body(Vector(base: values, count: count))
            }
            return true
        }
    }

    /// Copies in the values of another run of the same size, and reads no others.
    public func copy(from other: Vector) {
        precondition(other.count == count, "the runs differ in size")
        base.update(from: other.base, count: count)
    }

    /// Copies in little-endian float32 values, exactly as many as the run has.
    public func copy(from bytes: RawSpan) {
        precondition(bytes.byteCount == count * 4, "bytes and floats differ in size")
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: base, count: count * 4).copyMemory(from: source)
        }
    }
}

/// A view of a matrix inside a ``FloatBuffer``: element (i, k) lies at `i * rowStride + k * columnStride`.
public struct Matrix {
    /// Where element (0, 0) lies: a raw pointer because kernels load whole SIMD vectors from it.
    public let base: UnsafeMutablePointer<Float>
    /// The distance between rows, in values.
    public let rowStride: Int
    /// The distance between columns, in values; 1 except in transposed views.
    public let columnStride: Int

    /// Makes a view with the given strides.
    public init(base: UnsafeMutablePointer<Float>, rowStride: Int, columnStride: Int) {
        self.base = base
        self.rowStride = rowStride
        self.columnStride = columnStride
    }

    /// The same elements with rows and columns exchanged.
    public var transposed: Matrix {
        Matrix(base: base, rowStride: columnStride, columnStride: rowStride)
    }

    /// The same view of values that lie `offset` values further on.
    public func dropping(offset: Int) -> Matrix {
        Matrix(base: base + offset, rowStride: rowStride, columnStride: columnStride)
    }

    /// The part that begins at the given row and column.
    public func dropping(rows: Int = 0, columns: Int = 0) -> Matrix {
        Matrix(
            base: base + rows * rowStride + columns * columnStride,
            rowStride: rowStride, columnStride: columnStride)
    }
}
