import Kernels
import NeuralNetwork

/// A recurrent layer in one direction, in plain loops: the order of additions that every kernel keeps.
///
/// Rows are computed one by one, except where all rows of a piece share blank time steps. Only the
/// activations are the kernels', for one row at a time.
struct PlainLayer {
    let architecture: Architecture
    /// The computed time steps, in reading direction.
    let times: [Int]
    let suffix: String
    let weightIH: [[Float]]
    let weightHH: [[Float]]
    let biasIH: [Float]
    let biasHH: [Float]
    let kernels: any KernelSet.Type

    private var size: Int { architecture.hiddenSize }
    private var columns: Int { architecture.cell.gates * size }
    private var fused: Int { architecture.cell == .gru ? 2 * size : columns }

    /// What one row keeps of a time step.
    struct Step {
        var gates: [Float]
        var candidate: [Float] = []
        var state: [Float] = []
        var activatedState: [Float] = []
        var hidden: [Float] = []
        /// The gradient with respect to the hidden state.
        var gradient: [Float] = []
    }

    /// The steps of one row by time; `inputs` are the values of each time step.
    func forward(_ inputs: [[Float]]) -> [Int: Step] {
        var steps: [Int: Step] = [:]
        var previous: Step?
        for time in times {
            var step = Step(
                gates: (0..<columns).map { column in
                    let bias = column < fused ? biasIH[column] + biasHH[column] : biasIH[column]
                    let sum = chain(bias, inputs[time], weightIH[column])
                    guard let previous, column < fused else { return sum }
                    return chain(sum, previous.hidden, weightHH[column])
                })
            if fused < columns {
                step.candidate = (fused..<columns).map { column in
                    guard let previous else { return biasHH[column] }
                    return chain(biasHH[column], previous.hidden, weightHH[column])
                }
            }
            step.gradient = zeros
            activate(&step, previous)
            steps[time] = step
            previous = step
        }
        return steps
    }

    /// Turns the gradients with respect to hidden states into those of the preactivations.
    ///
    /// - Parameter shared: the number of time steps that all rows share; they are moved to the
    ///   result, one row for all.
    func backward(_ rows: inout [[Int: Step]], shared: Int) -> [Int: Step] {
        var stateGradients = rows.map { _ in zeros }
        for row in rows.indices {
            for index in times.indices.dropFirst(shared).reversed() {
                backward(&rows[row], at: index, &stateGradients[row])
            }
        }
        guard shared > 0 else { return [:] }
        var common = rows[0].filter { times.prefix(shared).contains($0.key) }
        for time in times.prefix(shared) {
            common[time]?.gradient = sum(rows.compactMap { $0[time]?.gradient })
        }
        var stateGradient = sum(stateGradients)
        for index in times.indices.prefix(shared).reversed() {
            backward(&common, at: index, &stateGradient)
        }
        return common
    }

    private func backward(
        _ steps: inout [Int: Step], at index: Int, _ stateGradient: inout [Float]
    ) {
        let previousTime = index > 0 ? times[index - 1] : nil
        guard var step = steps[times[index]] else { return }
        var previous = previousTime.flatMap { steps[$0] }
        differentiate(&step, &previous, &stateGradient)
        steps[times[index]] = step
        guard let previousTime, var before = previous else { return }
        for column in 0..<fused {
            addProduct(step.gates[column], weightHH[column], &before.gradient)
        }
        for column in fused..<columns {
            addProduct(step.candidate[column - fused], weightHH[column], &before.gradient)
        }
        steps[previousTime] = before
    }

    /// Adds the parameter gradients: the shared steps, then each later time step's rows.
    func addGradients(
        _ rows: [[Int: Step]], _ common: [Int: Step], inputs: [[[Float]]],
        _ layout: ParameterLayout, _ gradients: inout [Float]
    ) {
        let weightIH = layout.start(of: "rnn.weight_ih_" + suffix)
        let weightHH = layout.start(of: "rnn.weight_hh_" + suffix)
        let biasIH = layout.start(of: "rnn.bias_ih_" + suffix)
        let biasHH = layout.start(of: "rnn.bias_hh_" + suffix)
        func add(_ step: Step, _ input: [Float], _ previous: [Float]) {
            for column in 0..<columns {
                let own = step.gates[column]
                let hidden = column < fused ? own : step.candidate[column - fused]
                gradients[biasIH + column] += own
                gradients[biasHH + column] += hidden
                let (inputs, states) = (
                    weightIH + column * input.count, weightHH + column * size
                )
                for index in input.indices {
                    gradients[inputs + index].addProduct(own, input[index])
                }
                for index in previous.indices {
                    gradients[states + index].addProduct(hidden, previous[index])
                }
            }
        }
        for time in times.sorted() {
            guard let step = common[time] else { continue }
            add(step, inputs[0][time], before(time).flatMap { rows[0][$0]?.hidden } ?? [])
        }
        for time in times.sorted() where common[time] == nil {
            for (row, steps) in rows.enumerated() {
                guard let step = steps[time] else { continue }
                add(step, inputs[row][time], before(time).flatMap { steps[$0]?.hidden } ?? [])
            }
        }
    }

    /// The time step read before another.
    private func before(_ time: Int) -> Int? {
        times.firstIndex(of: time).flatMap { $0 > 0 ? times[$0 - 1] : nil }
    }

    /// Adds the gradients with respect to the inputs to those of the layer below.
    func carryBack(_ rows: [[Int: Step]], to below: inout [[[Int: Step]]], isFirst: Bool) {
        for (row, steps) in rows.enumerated() {
            for (time, step) in steps {
                for direction in below.indices {
                    let first = direction * size
                    var gradient = isFirst ? zeros : below[direction][row][time]?.gradient ?? zeros
                    for column in 0..<columns {
                        addProduct(
                            step.gates[column], Array(weightIH[column][first..<first + size]),
                            &gradient)
                    }
                    below[direction][row][time]?.gradient = gradient
                }
            }
        }
    }

    private var zeros: [Float] { [Float](repeating: 0, count: size) }

    private func sum(_ rows: [[Float]]) -> [Float] {
        rows.reduce(zeros) { zip($0, $1).map(+) }
    }

    private func activate(_ step: inout Step, _ previous: Step?) {
        PlainCell(architecture, kernels).forward(&step, previous)
    }

    private func differentiate(
        _ step: inout Step, _ previous: inout Step?, _ stateGradient: inout [Float]
    ) {
        PlainCell(architecture, kernels).backward(&step, &previous, &stateGradient)
    }
}

/// sum + x·y, one fused multiply-add after another in ascending order.
func chain(_ sum: Float, _ x: [Float], _ y: [Float]) -> Float {
    var sum = sum
    for index in x.indices { sum.addProduct(x[index], y[index]) }
    return sum
}

/// sums += factor * values, each rounded once.
func addProduct(_ factor: Float, _ values: [Float], _ sums: inout [Float]) {
    for index in sums.indices { sums[index].addProduct(factor, values[index]) }
}
