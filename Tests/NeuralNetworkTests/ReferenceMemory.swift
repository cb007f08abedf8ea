import Glibc
import NeuralNetwork

/// The recurrent state of a layer, in double precision.
struct ReferenceMemory {
    var hidden: [Double]
    /// The LSTM's cell state.
    var state: [Double]

    /// Advances by one time step, given the input's and the hidden state's sums, both with biases.
    mutating func advance(_ architecture: Architecture, fromInput: [Double], fromHidden: [Double]) {
        let count = hidden.count
        func sum(_ gate: Int, _ unit: Int) -> Double {
            fromInput[gate * count + unit] + fromHidden[gate * count + unit]
        }
        for unit in 0..<count {
            switch architecture.cell {
            case .rnn:
                let sum = sum(0, unit)
                hidden[unit] = architecture.nonlinearity == .tanh ? tanh(sum) : max(sum, 0)
            case .lstm:
                let (input, forget) = (sigmoid(sum(0, unit)), sigmoid(sum(1, unit)))
                state[unit] = forget * state[unit] + input * tanh(sum(2, unit))
                hidden[unit] = sigmoid(sum(3, unit)) * tanh(state[unit])
            case .gru:
                let (reset, update) = (sigmoid(sum(0, unit)), sigmoid(sum(1, unit)))
                let place = 2 * count + unit
                let candidate = tanh(fromInput[place] + reset * fromHidden[place])
                hidden[unit] = (1 - update) * candidate + update * hidden[unit]
            }
        }
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

extension Cell {
    /// The gates of one unit, in PyTorch's order: input, forget, candidate and output of an LSTM; reset,
    /// update and candidate of a GRU.
    var referenceGates: Int {
        switch self {
        case .rnn: 1
        case .lstm: 4
        case .gru: 3
        }
    }
}
