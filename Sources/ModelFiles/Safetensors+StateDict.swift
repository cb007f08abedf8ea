import NeuralNetwork

extension Safetensors {
    /// Infers the network from the names and shapes of a `state_dict`.
    ///
    /// It reads only the tensors that decide the network; ``checkNames(_:path:)`` and
    /// ``buffer(_:prefix:path:)`` check all of them.
    func inferredArchitecture(
        _ settings: StateDictSettings, path: String
    ) throws(SafetensorsError) -> Architecture {
        let recurrent = try matrix("rnn.weight_hh_l0", path)
        let input = try matrix("rnn.weight_ih_l0", path).columns
        let classes = try matrix("fc.weight", path).rows
        let convolutions = convolutionChannels
        let hidden = recurrent.columns
        let layers = 1 + tensors.compactMap { layer(of: $0.name) }.reduce(0, max)
        let channels = convolutions.map { ("channels", $0, Architecture.channelCounts) }
        for (what, value, limits) in [
            ("hidden values", hidden, Architecture.hiddenSizes),
            ("layers", layers, Architecture.layerCounts),
            ("classes", classes, Architecture.classCounts),
            ("values a time step", input, 1...Int(Int32.max)),
        ] + channels where !limits.contains(value) {
            throw SafetensorsError(
                path, unfit: "its network has \(value) \(what)",
                remedy: "Tern takes \(limits.lowerBound) to \(limits.upperBound)")
        }
        guard let cell = Cell.allCases.first(where: { $0.gates * hidden == recurrent.rows }) else {
            throw SafetensorsError(
                path, unfit: "rnn.weight_hh_l0 is [\(recurrent.rows), \(hidden)]",
                remedy: "it must be 1 (nn.RNN), 3 (nn.GRU) or 4 (nn.LSTM) times as high as wide, "
                    + "without projections")
        }
        let sequence = settings.sequence ?? .rows
        guard convolutions.isEmpty || sequence == .rows else {
            throw SafetensorsError(
                path, unfit: "it has convolutions, whose maps are read row by row",
                remedy: "leave out --sequence \(sequence.rawValue)")
        }
        let isWide = sequence == .rows && convolutions.isEmpty
        let rows = settings.imageRows ?? (sequence == .columns ? input : 28)
        let columns = settings.imageColumns ?? (isWide ? input : 28)
        for side in [rows, columns]
        where !Architecture.imageSides.contains(side) || side >> convolutions.count == 0 {
            throw SafetensorsError(
                path, unfit: "it cannot read images of \(rows)x\(columns)",
                remedy: Self.wantedSizes)
        }
        let steps = sequence.timeSteps(rows: rows, columns: columns)
        guard Architecture.timeStepCounts.contains(steps) else {
            throw SafetensorsError(
                path, unfit: "it needs \(steps) time steps",
                remedy: "Tern takes at most \(Architecture.timeStepCounts.upperBound)")
        }
        let architecture = Architecture(
            cell: cell, nonlinearity: settings.nonlinearity ?? .tanh, imageRows: rows,
            imageColumns: columns, element: settings.element ?? .uint8,
            convolutions: convolutions, sequence: sequence, hiddenSize: hidden, layers: layers,
            isBidirectional: tensors.contains { $0.name.hasSuffix("_reverse") },
            readout: settings.readout ?? .last, classes: classes)
        guard architecture.inputSize == input else {
            throw SafetensorsError(
                path,
                unfit: "its network reads \(input) values a time step, but images of "
                    + "\(rows)x\(columns) read by \(sequence.rawValue) have "
                    + "\(architecture.inputSize)",
                remedy: Self.wantedSizes)
        }
        return architecture
    }

    /// Rejects a file with tensors that the network does not have.
    func checkNames(_ layout: ParameterLayout, path: String) throws(SafetensorsError) {
        let known = Set(layout.tensors.map(\.name))
        guard let extra = tensors.first(where: { !known.contains($0.name) }) else { return }
        throw SafetensorsError(
            path, unfit: "it has an unknown tensor \(extra.name)",
            remedy: Self.wantedModule)
    }

    /// The shape of a float32 matrix.
    private func matrix(
        _ name: String, _ path: String
    ) throws(SafetensorsError) -> (rows: Int, columns: Int) {
        guard let tensor = tensor(name) else {
            throw SafetensorsError(
                path, unfit: "it has no tensor \(name)", remedy: Self.wantedModule)
        }
        guard tensor.type == "F32", tensor.shape.count == 2 else {
            throw SafetensorsError(
                path, unfit: "\(name) is \(tensor.type) \(tensor.shape), not an F32 matrix",
                remedy: Self.wantedModule)
        }
        return (tensor.shape[0], tensor.shape[1])
    }

    /// The channels of the convolutions, up to the first gap in their numbers.
    private var convolutionChannels: [Int] {
        var channels: [Int] = []
        // No image is large enough for more than sixteen.
        while channels.count <= 16, let shape = tensor("conv.\(channels.count).weight")?.shape,
            let count = shape.first
        {
            channels.append(count)
        }
        return channels
    }

    /// The layer number in a recurrent tensor's name: 1 for `rnn.bias_hh_l1_reverse`.
    private func layer(of name: String) -> Int? {
        guard name.hasPrefix("rnn.") else { return nil }
        let stem = name.hasSuffix("_reverse") ? name.dropLast("_reverse".count) : name[...]
        guard let layer = stem.split(separator: "_").last, layer.first == "l" else { return nil }
        // Limits an absurd number, so that later arithmetic on it does not overflow.
        return Int(layer.dropFirst()).map { min($0, 1 << 32) }
    }

    private static let wantedSizes =
        "give the --sequence, --rows and --columns that it was trained with"

    /// What to do about a file whose tensors are not a network's.
    static let wantedModule =
        "save the float32 state_dict of a module with an nn.RNN, nn.LSTM or nn.GRU named rnn and an "
        + "nn.Linear named fc, all with biases, and any nn.Conv2d in a list named conv"
}
