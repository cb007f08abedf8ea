import Datasets
import ModelFiles
import Monitoring
import NeuralNetwork

/// A model described for people: its network, its tensors, and its run's settings.
func describe(_ model: ModelFile, path: String) -> String {
    let network = model.architecture
    let layout = ParameterLayout(network)
    var parts = [
        columns(
            [
                ["model", path], ["data set", model.dataset],
                [
                    "input",
                    "\(network.exampleShape) \(network.exampleShape.noun) by "
                        + "\(network.sequence.rawValue): \(network.timeSteps) time steps of "
                        + "\(network.inputSize)",
                ],
            ] + (model.step.map { [["state", "a checkpoint, after step \($0)"]] } ?? [])
                + layers(network, layout) + [["weights", "sha256 \(model.parameters.sha256)"]])
    ]
    let tensors = layout.tensors.map { tensor in
        [
            tensor.name, tensor.shape.map(String.init).joined(separator: " x "),
            grouped(Double(tensor.count)),
        ]
    }
    parts.append(
        columns([["tensor", "shape", "parameters"]] + tensors + [["total", "", total(layout)]]))
    if let configuration = model.configuration {
        parts.append(
            // The first lines have the recognised data set, which may differ from the setting.
            columns(
                [["setting", "value"]]
                    + configuration.settings.filter { $0.option != "dataset" }
                    .map { [$0.option, $0.value] }))
    } else {
        parts.append("  The file does not tell the settings of a run.")
    }
    return parts.joined(separator: "\n\n")
}

private func total(_ layout: ParameterLayout) -> String { grouped(Double(layout.count)) }

/// One row per layer: its input, its output, and its number of parameters.
private func layers(_ network: Architecture, _ layout: ParameterLayout) -> [[String]] {
    let width = network.hiddenSize * network.directions
    let cell = network.cell.rawValue + (network.cell == .rnn ? " (\(network.nonlinearity))" : "")
    let directions = network.isBidirectional ? ", both directions" : ""
    func parameters(_ isPart: (String) -> Bool) -> String {
        let count = layout.tensors.filter { isPart($0.name) }.reduce(0) { $0 + $1.count }
        return "\(grouped(Double(count))) parameters"
    }
    let channels = [1] + network.convolutions
    let convolutions = network.convolutions.indices.map { index in
        let count = parameters { $0.hasPrefix("conv.\(index).") }
        return [
            "convolution \(index)", "3x3, \(channels[index]) to \(channels[index + 1]): \(count)",
        ]
    }
    let recurrent = (0..<network.layers).map { layer in
        let input = layer == 0 ? network.inputSize : width
        let count = parameters { $0.hasSuffix("_l\(layer)") || $0.hasSuffix("_l\(layer)_reverse") }
        return ["layer \(layer)", "\(cell)\(directions), \(input) to \(width): \(count)"]
    }
    let dropout =
        network.dropout > 0 ? [["dropout", "\(network.dropout) between layers in training"]] : []
    let outputs = network.readout == .last ? "of the last time step" : "as the mean of all"
    let count = parameters { $0.hasPrefix("fc.") }
    return convolutions + recurrent + dropout
        + [["readout", "outputs \(outputs), \(width) to \(network.classes) classes: \(count)"]]
}

/// Rows in aligned columns, indented by two spaces.
private func columns(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
        rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
        let cells = row.enumerated().map { column, text in
            let isLast = column == row.count - 1
            return isLast ? text : text + String(repeating: " ", count: widths[column] - text.count)
        }
        return "  " + cells.joined(separator: "  ")
    }.joined(separator: "\n")
}
