import Kernels
import TestSupport
import Testing

/// The operands of one time step of recurrent cells of one kind, each between guards.
protocol CellSample {
    /// The number of gates of a unit.
    static var gateCount: Int { get }

    /// Operands of a forward step; the gates hold preactivations.
    init(sums: [Float], rows: Int, columns: Int, hasPrevious: Bool)

    /// Operands of a backward step.
    init(rows: Int, columns: Int, hasPrevious: Bool)

    /// All operands.
    var all: [Guarded] { get }

    /// The operands that the backward step only reads.
    var onlyRead: [Guarded] { get }

    func forward(_ kernels: any KernelSet.Type)
    func backward(_ kernels: any KernelSet.Type)
}

/// Widths below, at and above one and several vectors.
let cellWidths = Array(1...34) + [47, 48, 49, 63, 65]

extension CellSample {
    /// Operands of a forward step with one to four rows.
    static func fresh(_ columns: Int, _ hasPrevious: Bool) -> Self {
        Self(sums: sums(columns), rows: rows(columns), columns: columns, hasPrevious: hasPrevious)
    }

    /// The number of rows of a sample with this width.
    static func rows(_ columns: Int) -> Int { columns % 4 + 1 }

    /// The preactivations of a sample with this width.
    static func sums(_ columns: Int) -> [Float] {
        randomValues(gateCount * rows(columns) * columns, seed: 16, limit: 6)
    }

    /// The bits of all operands.
    var bits: [[UInt32]] { all.map(\.elements.bits) }

    /// Expects that neither step writes outside its operands, or to those that it only reads.
    static func expectGuards(
        _ kernels: any KernelSet.Type, hasPrevious: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for columns in cellWidths {
            let forward = fresh(columns, hasPrevious)
            forward.forward(kernels)
            let backward = Self(rows: 3, columns: columns, hasPrevious: hasPrevious)
            let before = backward.onlyRead.map(\.elements.bits)
            backward.backward(kernels)
            let isSame = backward.onlyRead.map(\.elements.bits) == before
            #expect(isSame, "\(columns) columns", sourceLocation: sourceLocation)
            let areIntact = (forward.all + backward.all).allSatisfy(\.isIntact)
            #expect(areIntact, "\(columns) columns", sourceLocation: sourceLocation)
        }
    }

    /// Expects that both steps give the same bits in every kernel set.
    static func expectAgreement(
        hasPrevious: Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for columns in cellWidths {
            let results = Kernels.supported.map { kernels in
                let forward = fresh(columns, hasPrevious)
                forward.forward(kernels)
                let backward = Self(rows: 3, columns: columns, hasPrevious: hasPrevious)
                backward.backward(kernels)
                return forward.bits + backward.bits
            }
            let first = try #require(results.first)
            let areSame = results.allSatisfy { $0 == first }
            #expect(areSame, "\(columns) columns", sourceLocation: sourceLocation)
        }
    }
}
