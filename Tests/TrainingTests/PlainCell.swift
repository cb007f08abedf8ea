import Kernels
import NeuralNetwork

/// The activations of one row, by the kernels, whose own tests say what they compute.
final class PlainCell {
    private let cell: Cell
    private let nonlinearity: Nonlinearity
    private let kernels: any KernelSet.Type
    private let size: Int
    private let gates: FloatBuffer
    private let candidate: FloatBuffer
    private let old: FloatBuffer
    private let state: FloatBuffer
    private let activated: FloatBuffer
    private let hidden: FloatBuffer
    private let gradient: FloatBuffer
    private let carried: FloatBuffer

    init(_ architecture: Architecture, _ kernels: any KernelSet.Type) {
        cell = architecture.cell
        nonlinearity = architecture.nonlinearity
        self.kernels = kernels
        size = architecture.hiddenSize
        gates = FloatBuffer(count: architecture.cell.gates * size)
        candidate = FloatBuffer(count: size)
        old = FloatBuffer(count: size)
        state = FloatBuffer(count: size)
        activated = FloatBuffer(count: size)
        hidden = FloatBuffer(count: size)
        gradient = FloatBuffer(count: size)
        carried = FloatBuffer(count: size)
    }

    /// Turns the preactivations of a step into its states.
    func forward(_ step: inout PlainLayer.Step, _ previous: PlainLayer.Step?) {
        load(step, previous)
        switch (cell, nonlinearity) {
        case (.rnn, .tanh): kernels.tanh(gates.vector)
        case (.rnn, .relu): kernels.relu(gates.vector)
        case (.lstm, _): kernels.lstm(lstm(previous), rows: 1, columns: size)
        case (.gru, _): kernels.gru(gru(previous), rows: 1, columns: size)
        }
        step.gates = gates.values
        step.state = state.values
        step.activatedState = activated.values
        step.hidden = cell == .rnn ? gates.values : hidden.values
    }

    /// Turns the gradient with respect to a step's hidden state into that of its preactivations.
    func backward(
        _ step: inout PlainLayer.Step, _ previous: inout PlainLayer.Step?,
        _ stateGradient: inout [Float]
    ) {
        load(step, previous)
        set(gradient, step.gradient)
        set(carried, cell == .lstm ? stateGradient : previous?.gradient ?? [])
        let carriedBack = carried.matrix(stride: size)
        switch (cell, nonlinearity) {
        case (.rnn, .tanh): kernels.tanhBackward(gradient.vector, output: hidden.vector)
        case (.rnn, .relu): kernels.reluBackward(gradient.vector, output: hidden.vector)
        case (.lstm, _):
            kernels.lstmBackward(
                lstm(previous), hiddenGradient: gradient.matrix(stride: size),
                stateGradient: carriedBack, rows: 1, columns: size)
            stateGradient = carried.values
        case (.gru, _):
            kernels.gruBackward(
                gru(previous), hiddenGradient: gradient.matrix(stride: size),
                previousGradient: previous == nil ? nil : carriedBack, rows: 1, columns: size)
            previous?.gradient = carried.values
        }
        step.gates = cell == .rnn ? gradient.values : gates.values
        step.candidate = candidate.values
    }

    private func load(_ step: PlainLayer.Step, _ previous: PlainLayer.Step?) {
        set(gates, step.gates)
        set(candidate, step.candidate)
        set(state, step.state)
        set(activated, step.activatedState)
        set(hidden, step.hidden)
        set(old, (cell == .lstm ? previous?.state : previous?.hidden) ?? [])
    }

    private func set(_ buffer: FloatBuffer, _ values: [Float]) {
        for (index, value) in values.enumerated() { buffer[index] = value }
    }

    private func lstm(_ previous: PlainLayer.Step?) -> LSTMStep {
        LSTMStep(
            gates: gates.matrix(stride: 4 * size),
            previousState: previous == nil ? nil : old.matrix(stride: size),
            state: state.matrix(stride: size), activatedState: activated.matrix(stride: size),
            hidden: hidden.matrix(stride: size))
    }

    private func gru(_ previous: PlainLayer.Step?) -> GRUStep {
        GRUStep(
            gates: gates.matrix(stride: 3 * size), hiddenCandidate: candidate.matrix(stride: size),
            previousHidden: previous == nil ? nil : old.matrix(stride: size),
            hidden: hidden.matrix(stride: size))
    }
}
