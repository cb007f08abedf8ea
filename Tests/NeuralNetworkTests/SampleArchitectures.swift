import NeuralNetwork
import Testing

/// Networks of every form; none of their sizes fills a vector.
enum SampleArchitectures {
    /// Every cell with one or two layers, in one or both directions, with either readout.
    static let forms = cells.flatMap { cell, nonlinearity in
        [1, 2].flatMap { layers in
            [false, true].flatMap { isBidirectional in
                Readout.allCases.map { readout in
                    Architecture(
                        cell: cell, nonlinearity: nonlinearity, imageRows: 4, imageColumns: 3,
                        hiddenSize: 5, layers: layers, isBidirectional: isBidirectional,
                        readout: readout, classes: 3)
                }
            }
        }
    }

    /// Every cell with every other reading order, in one or both directions.
    static let sequences = cells.flatMap { cell, nonlinearity in
        SequenceOrder.allCases.filter { $0 != .rows }.flatMap { sequence in
            [false, true].map { isBidirectional in
                Architecture(
                    cell: cell, nonlinearity: nonlinearity, imageRows: 2, imageColumns: 5,
                    sequence: sequence, hiddenSize: 3, layers: 1, isBidirectional: isBidirectional,
                    readout: isBidirectional ? .mean : .last, classes: 4)
            }
        }
    }

    /// Every cell in networks with three layers, with a single time step, and with sizes of one.
    static let edges = cells.flatMap { cell, nonlinearity in
        [
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 3, imageColumns: 4,
                hiddenSize: 4, layers: 3, isBidirectional: true, readout: .mean, classes: 2),
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 1, imageColumns: 6,
                hiddenSize: 4, layers: 2, isBidirectional: true, classes: 3),
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 2, imageColumns: 1,
                hiddenSize: 1, layers: 1, readout: .mean, classes: 2),
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 6, imageColumns: 3,
                hiddenSize: 9, layers: 2, classes: 4),
        ]
    }

    /// Every cell after one or two convolutions, for images with odd and even sides.
    static let convolutions = cells.flatMap { cell, nonlinearity in
        [
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 4, imageColumns: 6,
                convolutions: [3], hiddenSize: 4, layers: 1, classes: 3),
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 9, imageColumns: 7,
                convolutions: [2, 3], hiddenSize: 3, layers: 2, isBidirectional: true,
                readout: .mean, classes: 4),
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 3, imageColumns: 2,
                convolutions: [2], hiddenSize: 5, layers: 1, readout: .mean, classes: 3),
        ]
    }

    /// Networks wide enough for whole vectors and a tail, for comparisons of bits.
    static let wide = cells.flatMap { cell, nonlinearity in
        [false, true].map { isBidirectional in
            Architecture(
                cell: cell, nonlinearity: nonlinearity, imageRows: 5, imageColumns: 11,
                hiddenSize: 35, layers: 2, isBidirectional: isBidirectional,
                readout: isBidirectional ? .mean : .last, classes: 10)
        }
    }

    /// Convolutions wide enough for whole vectors and a tail, for comparisons of bits.
    static let wideConvolutions = [
        Architecture(
            cell: .gru, imageRows: 9, imageColumns: 11, convolutions: [5, 19], hiddenSize: 18,
            layers: 2, isBidirectional: true, readout: .mean, classes: 10)
    ]

    private static let cells: [(Cell, Nonlinearity)] = [
        (.rnn, .tanh), (.rnn, .relu), (.lstm, .tanh), (.gru, .tanh),
    ]
}

extension Architecture: CustomTestStringConvertible {
    /// The architecture in one line.
    public var testDescription: String {
        let cell = cell == .rnn ? "rnn \(nonlinearity)" : "\(cell)"
        let directions = isBidirectional ? "both directions" : "one direction"
        let drops = dropout > 0 ? ", dropout \(dropout)" : ""
        let front = convolutions.isEmpty ? "" : ", convolutions \(convolutions)"
        return "\(layers) x \(hiddenSize) \(cell), \(directions), \(readout) of the \(sequence) of "
            + "\(imageRows) x \(imageColumns)\(front)\(drops)"
    }
}
