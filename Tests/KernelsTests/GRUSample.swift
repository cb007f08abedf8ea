import Glibc
import Kernels
import TestSupport

/// The operands of one time step of GRU cells, each between guards and with its own row stride.
struct GRUSample: CellSample {
    static let gateCount = 3
    let rows: Int
    let columns: Int
    let gates: Guarded
    let candidate: Guarded
    let previous: Guarded?
    let hidden: Guarded
    let hiddenGradient: Guarded
    let previousGradient: Guarded?

    /// Operands of a forward step; the gates hold preactivations.
    init(sums: [Float], rows: Int, columns: Int, hasPrevious: Bool) {
        let count = rows * columns
        func values(_ seed: UInt64, gap: Int) -> Guarded {
            Guarded(randomValues(count, seed: seed, limit: 2), columns: columns, gap: gap)
        }
        self.rows = rows
        self.columns = columns
        gates = Guarded(sums, columns: 3 * columns, gap: 1)
        candidate = values(21, gap: 2)
        previous = hasPrevious ? values(22, gap: 3) : nil
        hidden = Guarded([Float](repeating: 7, count: count), columns: columns)
        hiddenGradient = values(23, gap: 4)
        previousGradient = hasPrevious ? values(24, gap: 5) : nil
    }

    /// Operands of a backward step.
    init(rows: Int, columns: Int, hasPrevious: Bool) {
        let gates = randomValues(3 * rows * columns, seed: 25).enumerated().map { index, value in
            index / columns % 3 == 2 ? value : value.magnitude
        }
        self.init(sums: gates, rows: rows, columns: columns, hasPrevious: hasPrevious)
    }

    var all: [Guarded] {
        [gates, candidate, hidden, hiddenGradient]
            + [previous, previousGradient].compactMap(\.self)
    }

    var onlyRead: [Guarded] { [hidden, hiddenGradient] + [previous].compactMap(\.self) }

    private var step: GRUStep {
        GRUStep(
            gates: gates.matrix, hiddenCandidate: candidate.matrix,
            previousHidden: previous?.matrix, hidden: hidden.matrix)
    }

    func forward(_ kernels: any KernelSet.Type) {
        // Views do not keep their buffers alive.
        withExtendedLifetime(self) { kernels.gru(step, rows: rows, columns: columns) }
    }

    func backward(_ kernels: any KernelSet.Type) {
        withExtendedLifetime(self) {
            kernels.gruBackward(
                step, hiddenGradient: hiddenGradient.matrix,
                previousGradient: previousGradient?.matrix, rows: rows, columns: columns)
        }
    }
}

/// The expected operands after a step of GRU cells, in double precision.
struct GRUExpectation {
    var gates: [BoundedValue]
    var candidate: [BoundedValue] = []
    var hidden: [BoundedValue] = []
    var previousGradient: [BoundedValue] = []

    /// The expected result of a forward step.
    init(forward sample: GRUSample) {
        self.init(sample) { unit, expected in
            let (r, z) = (sigmoid(unit.gates[0]), sigmoid(unit.gates[1]))
            let sum = unit.gates[2] + r * unit.candidate
            let n = tanh(sum)
            let terms = unit.gates[2].magnitude + (r * unit.candidate).magnitude
            let candidate = BoundedValue(n, size: n.magnitude + (1 - n * n) * terms)
            expected.hidden.append(
                BoundedValue(
                    (1 - z) * n + z * unit.previous,
                    size: candidate.size + z * unit.previous.magnitude))
            return [BoundedValue(r), BoundedValue(z), candidate]
        }
    }

    /// The expected result of a backward step.
    init(backward sample: GRUSample) {
        self.init(sample) { unit, expected in
            let (r, z, n) = (unit.gates[0], unit.gates[1], unit.gates[2])
            let byHidden = unit.hiddenGradient
            let byCandidate = byHidden * (1 - z) * (1 - n * n)
            expected.candidate.append(BoundedValue(byCandidate * r))
            expected.previousGradient.append(
                BoundedValue(
                    unit.previousGradient + byHidden * z,
                    size: unit.previousGradient.magnitude + (byHidden * z).magnitude))
            return [
                BoundedValue(byCandidate * unit.candidate * r * (1 - r)),
                BoundedValue(byHidden * (unit.previous - n) * z * (1 - z)),
                BoundedValue(byCandidate),
            ]
        }
    }

    /// The operands of one unit of one row.
    private struct Unit {
        let gates: [Double]
        let candidate: Double
        let previous: Double
        let hiddenGradient: Double
        let previousGradient: Double
    }

    private init(_ sample: GRUSample, _ body: (Unit, inout GRUExpectation) -> [BoundedValue]) {
        let columns = sample.columns
        gates = Array(repeating: BoundedValue(0), count: 3 * sample.rows * columns)
        for row in 0..<sample.rows {
            for column in 0..<columns {
                let unit = Unit(
                    gates: (0..<3).map { Double(sample.gates[row, $0 * columns + column]) },
                    candidate: Double(sample.candidate[row, column]),
                    previous: sample.previous.map { Double($0[row, column]) } ?? 0,
                    hiddenGradient: Double(sample.hiddenGradient[row, column]),
                    previousGradient: sample.previousGradient.map { Double($0[row, column]) } ?? 0)
                for (gate, value) in body(unit, &self).enumerated() {
                    gates[(row * 3 + gate) * columns + column] = value
                }
            }
        }
    }
}
