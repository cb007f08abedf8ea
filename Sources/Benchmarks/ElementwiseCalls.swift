import Kernels
import NeuralNetwork

/// The element-wise kernels, in the sizes of a recurrent layer's time step.
///
/// They run repeatedly on the same buffers, whose values must stay in a normal range: gradients are
/// zero, and values that activations replace converge to a fixed point. So nothing overflows or
/// becomes denormal and slow. Shapes: N rows, H hidden values, C classes, P parameters.
struct ElementwiseCalls {
    let architecture: Architecture
    let rows: Int
    let kernels: any KernelSet.Type

    private var hidden: Int { architecture.hiddenSize }
    private var count: Int { rows * hidden }
    private var parameters: Int { ParameterLayout(architecture).count }

    /// The calls, first those of the forward pass.
    var all: [KernelCall] {
        [
            widen, tanh, lstm, gru, softmaxCrossEntropy, tanhBackward, lstmBackward, gruBackward,
            transpose, add, isFinite, adam,
        ]
    }

    private func call(
        _ name: String, shape: String? = nil, values: Int, operationsPerValue: Int,
        _ prepare: @escaping @Sendable () -> () -> Void
    ) -> KernelCall {
        KernelCall(
            name: name, shape: shape ?? "\(rows) x \(hidden)",
            operations: values * operationsPerValue, values: values, prepare: prepare)
    }

    // MARK: - Inputs and outputs

    private var widen: KernelCall {
        let count = architecture.inputSize
        return call(
            "widen", shape: "\(count)", values: count, operationsPerValue: OperationsPerValue.widen
        ) { [kernels] in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let target = FloatBuffer(count: count)
            return { kernels.widen(bytes.span.bytes, into: target.vector) }
        }
    }

    private var softmaxCrossEntropy: KernelCall {
        let (rows, classes) = (rows, architecture.classes)
        return call(
            "softmaxCrossEntropy", shape: "\(rows) x \(classes)", values: rows * classes,
            operationsPerValue: OperationsPerValue.softmaxCrossEntropy
        ) { [kernels] in
            let logits = filledBuffer(rows * classes)
            return {
                for row in 0..<rows {
                    _ = kernels.softmaxCrossEntropy(
                        logits.vector(at: row * classes, count: classes), label: 0, smoothing: 0)
                }
            }
        }
    }

    // MARK: - Cells

    private var tanh: KernelCall {
        call("tanh", values: count, operationsPerValue: OperationsPerValue.tanh) {
            [kernels, count] in
            let values = filledBuffer(count)
            return { kernels.tanh(values.vector) }
        }
    }

    private var tanhBackward: KernelCall {
        call("tanhBackward", values: count, operationsPerValue: OperationsPerValue.tanhBackward) {
            [kernels, count] in
            let (gradient, output) = (filledBuffer(count), FloatBuffer(count: count))
            return { kernels.tanhBackward(gradient.vector, output: output.vector) }
        }
    }

    private var lstm: KernelCall {
        call("lstm", values: count, operationsPerValue: OperationsPerValue.lstm) {
            [kernels, rows, hidden] in
            let buffers = CellBuffers(rows: rows, hidden: hidden)
            return { kernels.lstm(buffers.lstm, rows: rows, columns: hidden) }
        }
    }

    private var lstmBackward: KernelCall {
        call("lstmBackward", values: count, operationsPerValue: OperationsPerValue.lstmBackward) {
            [kernels, rows, hidden] in
            let buffers = CellBuffers(rows: rows, hidden: hidden)
            return {
                kernels.lstmBackward(
                    buffers.lstm, hiddenGradient: buffers.gradient,
                    stateGradient: buffers.carriedGradient, rows: rows, columns: hidden)
            }
        }
    }

    private var gru: KernelCall {
        call("gru", values: count, operationsPerValue: OperationsPerValue.gru) {
            [kernels, rows, hidden] in
            let buffers = CellBuffers(rows: rows, hidden: hidden)
            return { kernels.gru(buffers.gru, rows: rows, columns: hidden) }
        }
    }

    private var gruBackward: KernelCall {
        call("gruBackward", values: count, operationsPerValue: OperationsPerValue.gruBackward) {
            [kernels, rows, hidden] in
            let buffers = CellBuffers(rows: rows, hidden: hidden)
            return {
                kernels.gruBackward(
                    buffers.gru, hiddenGradient: buffers.gradient,
                    previousGradient: buffers.carriedGradient, rows: rows, columns: hidden)
            }
        }
    }

    // MARK: - Weights and gradients

    private var transpose: KernelCall {
        let (gates, hidden) = (architecture.cell.gates * hidden, hidden)
        return call(
            "transpose", shape: "\(gates) x \(hidden)", values: gates * hidden,
            operationsPerValue: 0
        ) { [kernels] in
            let (source, target) = (filledBuffer(gates * hidden), filledBuffer(gates * hidden))
            return {
                kernels.transpose(
                    source.matrix(stride: hidden), into: target.matrix(stride: gates), rows: gates,
                    columns: hidden)
            }
        }
    }

    private func parameterCall(
        _ name: String, _ operationsPerValue: Int, _ prepare: @escaping @Sendable () -> () -> Void
    ) -> KernelCall {
        call(
            name, shape: "\(parameters)", values: parameters,
            operationsPerValue: operationsPerValue, prepare)
    }

    private var add: KernelCall {
        parameterCall("add", OperationsPerValue.add) { [kernels, parameters] in
            let (source, target) = (filledBuffer(parameters), filledBuffer(parameters))
            return { kernels.add(source.vector, into: target.vector) }
        }
    }

    private var isFinite: KernelCall {
        parameterCall("isFinite", 0) { [kernels, parameters] in
            let values = filledBuffer(parameters)
            return { _ = values.withBytes { kernels.isFinite(payload: $0) } }
        }
    }

    private var adam: KernelCall {
        parameterCall("adam", OperationsPerValue.adam) { [kernels, parameters] in
            let buffers = (0..<4).map { _ in filledBuffer(parameters) }
            // Second moments are means of squares, so not negative.
            for index in 0..<parameters { buffers[3][index] = abs(buffers[3][index]) }
            let coefficients = AdamCoefficients(
                firstDecay: 0.1, secondKeep: 0.999, secondDecay: 0.001, stepSize: 1e-6,
                rootOfSecondCorrection: 1, epsilon: 1e-8)
            return {
                kernels.adam(
                    parameters: buffers[0].vector, gradients: buffers[1].vector,
                    firstMoments: buffers[2].vector, secondMoments: buffers[3].vector,
                    coefficients)
            }
        }
    }
}

/// The buffers of a time step of LSTM or GRU cells.
private struct CellBuffers {
    private let hiddenSize: Int
    private let gates: FloatBuffer  // [N][4H]
    private let values: [FloatBuffer]  // four of [N][H]
    private let gradients: [FloatBuffer]  // two of [N][H], zeros

    init(rows: Int, hidden: Int) {
        hiddenSize = hidden
        gates = filledBuffer(rows * 4 * hidden)
        values = (0..<4).map { _ in filledBuffer(rows * hidden) }
        gradients = (0..<2).map { _ in FloatBuffer(count: rows * hidden) }
    }

    var gradient: Matrix { gradients[0].matrix(stride: hiddenSize) }
    var carriedGradient: Matrix { gradients[1].matrix(stride: hiddenSize) }

    var lstm: LSTMStep {
        LSTMStep(
            gates: gates.matrix(stride: 4 * hiddenSize),
            previousState: values[0].matrix(stride: hiddenSize),
            state: values[1].matrix(stride: hiddenSize),
            activatedState: values[2].matrix(stride: hiddenSize),
            hidden: values[3].matrix(stride: hiddenSize))
    }

    var gru: GRUStep {
        GRUStep(
            gates: gates.matrix(stride: 3 * hiddenSize),
            hiddenCandidate: values[0].matrix(stride: hiddenSize),
            previousHidden: values[1].matrix(stride: hiddenSize),
            hidden: values[2].matrix(stride: hiddenSize))
    }
}
