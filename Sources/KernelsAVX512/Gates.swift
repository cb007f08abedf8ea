import CProcessor
import KernelInterface

// The gates of LSTM and GRU cells, fused: one pass over a time step's preactivations does all the
// work on an element. Each function is the cell's equation, element by element. A row of gates
// holds them one after another, H values each.

/// 1 / (1 + e^-x), from e^-|x|, which cannot overflow.
@inline(__always)
func sigmoid(_ x: Lanes) -> Lanes {
    let power = exponential(minus: x)
    let one = Lanes(repeating: 1)
    return chosen_by_sign_16(x, power, one) / (one + power)
}

/// Calls `body` for each group of up to 16 columns with its first column and its width.
@inline(__always)
private func forEachGroup(of columns: Int, _ body: (_ column: Int, _ width: Int) -> Void) {
    var column = 0
    while column + 16 <= columns {
        body(column, 16)
        column += 16
    }
    if column < columns { body(column, columns - column) }
}

@inline(__always)
private func load(_ matrix: Matrix, _ row: Int, _ column: Int, _ width: Int) -> Lanes {
    let source = matrix.base + row * matrix.rowStride + column
    return width == 16 ? load(source) : load(source, count: width)
}

@inline(__always)
private func load(_ matrix: Matrix?, _ row: Int, _ column: Int, _ width: Int) -> Lanes {
    guard let matrix else { return Lanes.zero }
    return load(matrix, row, column, width)
}

@inline(__always)
private func store(_ values: Lanes, _ matrix: Matrix, _ row: Int, _ column: Int, _ width: Int) {
    let target = matrix.base + row * matrix.rowStride + column
    if width == 16 { store(values, to: target) } else { store(values, to: target, count: width) }
}

func activateLSTM(_ step: LSTMStep, rows: Int, columns: Int) {
    for row in 0..<rows {
        forEachGroup(of: columns) { column, width in
            let i = sigmoid(load(step.gates, row, column, width))
            let f = sigmoid(load(step.gates, row, columns + column, width))
            let g = hyperbolicTangent(load(step.gates, row, 2 * columns + column, width))
            let o = sigmoid(load(step.gates, row, 3 * columns + column, width))
            let old = load(step.previousState, row, column, width)
            let state = (f * old).addingProduct(i, g)
            let activated = hyperbolicTangent(state)
            store(i, step.gates, row, column, width)
            store(f, step.gates, row, columns + column, width)
            store(g, step.gates, row, 2 * columns + column, width)
            store(o, step.gates, row, 3 * columns + column, width)
            store(state, step.state, row, column, width)
            store(activated, step.activatedState, row, column, width)
            store(o * activated, step.hidden, row, column, width)
        }
    }
}

func differentiateLSTM(
    _ step: LSTMStep, hiddenGradient: Matrix, stateGradient: Matrix, rows: Int, columns: Int
) {
    let one = Lanes(repeating: 1)
    for row in 0..<rows {
        forEachGroup(of: columns) { column, width in
            let i = load(step.gates, row, column, width)
            let f = load(step.gates, row, columns + column, width)
            let g = load(step.gates, row, 2 * columns + column, width)
            let o = load(step.gates, row, 3 * columns + column, width)
            let activated = load(step.activatedState, row, column, width)
            let old = load(step.previousState, row, column, width)
            let dHidden = load(hiddenGradient, row, column, width)
            let slope = one.addingProduct(-activated, activated)
            let dState = load(stateGradient, row, column, width)
                .addingProduct(dHidden * o, slope)
            store(dState * g * (i * (one - i)), step.gates, row, column, width)
            store(dState * old * (f * (one - f)), step.gates, row, columns + column, width)
            let dCandidate = dState * i * one.addingProduct(-g, g)
            store(dCandidate, step.gates, row, 2 * columns + column, width)
            let dOutput = dHidden * activated * (o * (one - o))
            store(dOutput, step.gates, row, 3 * columns + column, width)
            store(dState * f, stateGradient, row, column, width)
        }
    }
}

func activateGRU(_ step: GRUStep, rows: Int, columns: Int) {
    let one = Lanes(repeating: 1)
    for row in 0..<rows {
        forEachGroup(of: columns) { column, width in
            let r = sigmoid(load(step.gates, row, column, width))
            let z = sigmoid(load(step.gates, row, columns + column, width))
            let inner = load(step.hiddenCandidate, row, column, width)
            let n = hyperbolicTangent(
                load(step.gates, row, 2 * columns + column, width).addingProduct(r, inner))
            let old = load(step.previousHidden, row, column, width)
            store(r, step.gates, row, column, width)
            store(z, step.gates, row, columns + column, width)
            store(n, step.gates, row, 2 * columns + column, width)
            store(((one - z) * n).addingProduct(z, old), step.hidden, row, column, width)
        }
    }
}

func differentiateGRU(
    _ step: GRUStep, hiddenGradient: Matrix, previousGradient: Matrix?, rows: Int, columns: Int
) {
    let one = Lanes(repeating: 1)
    for row in 0..<rows {
        forEachGroup(of: columns) { column, width in
            let r = load(step.gates, row, column, width)
            let z = load(step.gates, row, columns + column, width)
            let n = load(step.gates, row, 2 * columns + column, width)
            let inner = load(step.hiddenCandidate, row, column, width)
            let old = load(step.previousHidden, row, column, width)
            let dHidden = load(hiddenGradient, row, column, width)
            let dCandidate = dHidden * (one - z) * one.addingProduct(-n, n)
            store(dCandidate * inner * (r * (one - r)), step.gates, row, column, width)
            let dUpdate = dHidden * (old - n) * (z * (one - z))
            store(dUpdate, step.gates, row, columns + column, width)
            store(dCandidate, step.gates, row, 2 * columns + column, width)
            store(dCandidate * r, step.hiddenCandidate, row, column, width)
            if let previousGradient {
                let before = load(previousGradient, row, column, width)
                store(before.addingProduct(dHidden, z), previousGradient, row, column, width)
            }
        }
    }
}
