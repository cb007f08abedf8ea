import Glibc
import Kernels
import TestSupport

/// The operands of one time step of LSTM cells, each between guards and with its own row stride.
struct LSTMSample: CellSample {
    static let gateCount = 4
    let rows: Int
    let columns: Int
    let gates: Guarded
    let previous: Guarded?
    let state: Guarded
    let activated: Guarded
    let hidden: Guarded
    let hiddenGradient: Guarded
    let stateGradient: Guarded

    /// Operands of a forward step; the gates hold preactivations.
    init(sums: [Float], rows: Int, columns: Int, hasPrevious: Bool) {
        self.init(
            gates: sums, activated: [Float](repeating: 7, count: rows * columns), rows: rows,
            columns: columns, hasPrevious: hasPrevious)
    }

    /// Operands of a backward step.
    init(rows: Int, columns: Int, hasPrevious: Bool) {
        let count = rows * columns
        let gates = randomValues(4 * count, seed: 11).enumerated().map { index, value in
            index / columns % 4 == 2 ? value : value.magnitude
        }
        self.init(
            gates: gates, activated: randomValues(count, seed: 12), rows: rows, columns: columns,
            hasPrevious: hasPrevious)
    }

    private init(
        gates: [Float], activated: [Float], rows: Int, columns: Int, hasPrevious: Bool
    ) {
        let count = rows * columns
        self.rows = rows
        self.columns = columns
        self.gates = Guarded(gates, columns: 4 * columns, gap: 1)
        previous =
            hasPrevious
            ? Guarded(randomValues(count, seed: 13, limit: 3), columns: columns, gap: 5) : nil
        state = Guarded([Float](repeating: 7, count: count), columns: columns, gap: 2)
        self.activated = Guarded(activated, columns: columns, gap: 3)
        hidden = Guarded([Float](repeating: 7, count: count), columns: columns)
        hiddenGradient = Guarded(randomValues(count, seed: 14), columns: columns, gap: 4)
        stateGradient = Guarded(randomValues(count, seed: 15), columns: columns, gap: 7)
    }

    private var step: LSTMStep {
        LSTMStep(
            gates: gates.matrix, previousState: previous?.matrix, state: state.matrix,
            activatedState: activated.matrix, hidden: hidden.matrix)
    }

    var all: [Guarded] {
        [gates, state, activated, hidden, hiddenGradient, stateGradient]
            + [previous].compactMap(\.self)
    }

    var onlyRead: [Guarded] {
        [state, activated, hidden, hiddenGradient] + [previous].compactMap(\.self)
    }

    func forward(_ kernels: any KernelSet.Type) {
        // Views do not keep their buffers alive.
        withExtendedLifetime(self) { kernels.lstm(step, rows: rows, columns: columns) }
    }

    func backward(_ kernels: any KernelSet.Type) {
        withExtendedLifetime(self) {
            kernels.lstmBackward(
                step, hiddenGradient: hiddenGradient.matrix, stateGradient: stateGradient.matrix,
                rows: rows, columns: columns)
        }
    }
}

/// The expected operands after a step of LSTM cells, in double precision.
struct LSTMExpectation {
    var gates: [BoundedValue]
    var state: [BoundedValue] = []
    var activated: [BoundedValue] = []
    var hidden: [BoundedValue] = []
    var stateGradient: [BoundedValue] = []

    /// The expected result of a forward step.
    init(forward sample: LSTMSample) {
        self.init(sample)
        sample.forEachUnit { row, column in
            let sums = (0..<4).map { Double(sample.gates[row, $0 * sample.columns + column]) }
            let (i, f, g, o) = (sigmoid(sums[0]), sigmoid(sums[1]), tanh(sums[2]), sigmoid(sums[3]))
            let old = sample.previous.map { Double($0[row, column]) } ?? 0
            let state = BoundedValue(f * old + i * g, size: (f * old).magnitude + (i * g).magnitude)
            let value = tanh(state.value)
            let size = value.magnitude + (1 - value * value) * state.size
            set([i, f, g, o].map { BoundedValue($0) }, row, column, sample.columns)
            self.state.append(state)
            activated.append(BoundedValue(value, size: size))
            hidden.append(BoundedValue(o * value, size: o * size))
        }
    }

    /// The expected result of a backward step.
    init(backward sample: LSTMSample) {
        self.init(sample)
        sample.forEachUnit { row, column in
            let gates = (0..<4).map { Double(sample.gates[row, $0 * sample.columns + column]) }
            let (i, f, g, o) = (gates[0], gates[1], gates[2], gates[3])
            let old = sample.previous.map { Double($0[row, column]) } ?? 0
            let activated = Double(sample.activated[row, column])
            let byHidden = Double(sample.hiddenGradient[row, column])
            let later = Double(sample.stateGradient[row, column])
            let direct = byHidden * o * (1 - activated * activated)
            func byState(times factor: Double) -> BoundedValue {
                BoundedValue(
                    (later + direct) * factor,
                    size: (later.magnitude + direct.magnitude) * factor.magnitude)
            }
            let sums = [
                byState(times: g * i * (1 - i)), byState(times: old * f * (1 - f)),
                byState(times: i * (1 - g * g)), BoundedValue(byHidden * activated * o * (1 - o)),
            ]
            set(sums, row, column, sample.columns)
            stateGradient.append(byState(times: f))
        }
    }

    private init(_ sample: LSTMSample) {
        gates = Array(repeating: BoundedValue(0), count: 4 * sample.rows * sample.columns)
    }

    private mutating func set(_ values: [BoundedValue], _ row: Int, _ column: Int, _ columns: Int) {
        for (gate, value) in values.enumerated() {
            gates[(row * 4 + gate) * columns + column] = value
        }
    }
}

extension LSTMSample {
    func forEachUnit(_ body: (_ row: Int, _ column: Int) -> Void) {
        for row in 0..<rows { for column in 0..<columns { body(row, column) } }
    }
}

/// 1 / (1 + e^-x) in double precision.
func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
