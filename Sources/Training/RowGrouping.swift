import Kernels
import NeuralNetwork

/// How many rows a lane computes side by side; no bit depends on it.
package enum RowGrouping: CaseIterable, Sendable {
    /// One group of up to 16 rows, so that the states of all time steps stay in a core's
    /// second-level cache, or near it, from the forward pass to the gradients.
    case single
    /// Up to eight groups and 64 rows, so that weights too large for that cache are read from
    /// further away once for all of them, not once a group.
    case wave

    /// The grouping that is faster for a network on this processor.
    package init(_ architecture: Architecture) {
        self.init(architecture, cache: Processors.secondLevelCache)
    }

    /// The grouping that is faster with a second-level cache of this many bytes.
    package init(_ architecture: Architecture, cache: Int) {
        let inputs = (0..<architecture.layers).map {
            architecture.inputWidths(ofLayer: $0).reduce(0, +)
        }
        let gates = architecture.cell.gates * architecture.hiddenSize
        let bytes = 4 * gates * (architecture.hiddenSize + (inputs.max() ?? 0))
        // The states need the rest of the cache.
        self = bytes > cache / 4 * 3 ? .wave : .single
    }

    /// The most rows.
    package var rows: Int {
        switch self {
        case .single: Wave.rowsOfPiece
        case .wave: 64
        }
    }

    /// The most groups of rows.
    package var groups: Int {
        switch self {
        case .single: 1
        case .wave: 8
        }
    }
}
