import Kernels

/// The gradients of some of the parameters, kept in sums that wait for their siblings in a tree.
struct PendingSums {
    private let kernels: any KernelSet.Type
    private let ranges: [Range<Int>]
    private let size: Int
    private let sums: FloatBuffer  // [depth][size]
    private var depth = 0

    /// Makes room for sums of the parameters in `ranges` over at most `leaves` leaves.
    init(of ranges: [Range<Int>], leaves: Int, kernels: any KernelSet.Type) {
        self.kernels = kernels
        self.ranges = ranges
        size = ranges.reduce(0) { $0 + $1.count }
        sums = FloatBuffer(count: size * (leaves.bitWidth - leaves.leadingZeroBitCount + 1))
    }

    /// Takes a leaf's gradients, and adds the last `merges` sums to them.
    mutating func push(_ gradients: FloatBuffer, merges: Int) {
        forEachRange { range, offset in
            kernels.copy(
                gradients.vector(at: range.lowerBound, count: range.count),
                into: sums.vector(at: depth * size + offset, count: range.count))
        }
        for _ in 0..<merges {
            depth -= 1
            // Sums commute, so the sum may take the place of the earlier one.
            kernels.add(
                sums.vector(at: (depth + 1) * size, count: size),
                into: sums.vector(at: depth * size, count: size))
        }
        depth += 1
    }

    /// Writes the one sum that is left.
    mutating func pop(into gradients: FloatBuffer) {
        precondition(depth == 1, "the tree has one root")
        depth = 0
        forEachRange { range, offset in
            kernels.copy(
                sums.vector(at: offset, count: range.count),
                into: gradients.vector(at: range.lowerBound, count: range.count))
        }
    }

    private func forEachRange(_ body: (_ range: Range<Int>, _ offset: Int) -> Void) {
        var offset = 0
        for range in ranges {
            body(range, offset)
            offset += range.count
        }
    }
}
