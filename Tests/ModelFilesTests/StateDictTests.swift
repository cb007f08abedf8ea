import Kernels
import ModelFiles
import NeuralNetwork
import TestSupport
import Testing

@Suite("A state_dict from PyTorch")
struct StateDictTests {
    @Test(
        "reveals cell, layers, directions and sizes by its names and shapes",
        arguments: Cell.allCases, [false, true])
    func inference(cell: Cell, isBidirectional: Bool) throws {
        for layers in 1...3 {
            let expected = Architecture(
                cell: cell, imageRows: 28, imageColumns: 6, hiddenSize: 5, layers: layers,
                isBidirectional: isBidirectional, classes: 4)
            let parameters = randomParameters(expected)
            let model = try read(stateDict(expected, parameters).encoded())
            #expect(model.architecture == expected)
            #expect(model.isInferred && model.dataset == "unknown" && model.configuration == nil)
            #expect(model.parameters.values.bits == parameters.values.bits)
        }
    }

    @Test("reveals convolutions")
    func convolutions() throws {
        var expected = Architecture(
            imageRows: 28, imageColumns: 28, convolutions: [3, 2], hiddenSize: 5, layers: 1,
            classes: 4)
        #expect(try read(stateDict(expected).encoded()).architecture == expected)
        var settings = StateDictSettings()
        settings.sequence = .columns
        refuse(stateDict(expected), settings, because: "it has convolutions")
        settings = .init()
        settings.imageRows = 3
        refuse(stateDict(expected), settings, because: "cannot read images of 3x28")
        expected.imageColumns = 30
        #expect(try read(stateDict(expected).encoded()).architecture.imageColumns == 28)
        expected.imageColumns = 32
        refuse(stateDict(expected), because: "reads 16 values a time step")
    }

    @Test(
        "of a wrapped module is read without the wrappers' prefixes",
        arguments: [
            ("module.", ["module."]), ("_orig_mod.", ["_orig_mod."]), ("model.", ["model."]),
            ("module._orig_mod.", ["module.", "_orig_mod."]), ("a.b.", ["a.b."]),
            ("model.module.", ["module.", "model."]),
            ("_fsdp_wrapped_module.", ["_fsdp_wrapped_module."]),
        ])
    func wrapped(prefix: String, wrappers: [String]) throws {
        let parameters = randomParameters(Self.network)
        var file = stateDict(Self.network, parameters)
        file.rename { prefix + $0 }
        let model = try read(file.encoded())
        #expect(model.architecture == Self.network)
        #expect(model.parameters.values.bits == parameters.values.bits)
        #expect(model.wrappers == wrappers)
        #expect(model.namesInFile?["fc.bias"] == "\(prefix)fc.bias")
        #expect(model.isInferred)
    }

    @Test("of a partly wrapped module is read, unless its names then clash")
    func partlyWrapped() throws {
        var file = stateDict(Self.network)
        file.rename { $0.replacing("rnn.", with: "rnn._orig_mod.") }
        #expect(try read(file.encoded()).wrappers == ["_orig_mod."])
        file.rename { $0 == "fc.bias" ? "module.fc.weight" : $0 }
        refuse(file, because: "its tensors fc.weight and module.fc.weight are both fc.weight")
        file = stateDict(Self.network)
        file.rename { $0 == "fc.bias" ? $0 : "model.\($0)" }
        refuse(file, because: "it has no tensor rnn.weight_hh_l0")
    }

    @Test("may list its tensors in any order, without metadata")
    func anyOrder() throws {
        let parameters = randomParameters(Self.network)
        var file = stateDict(Self.network, parameters)
        file.reorder { $0.sorted { $0.name < $1.name } }
        let model = try read(file.encoded())
        #expect(model.architecture == Self.network)
        #expect(model.parameters.values.bits == parameters.values.bits)
    }

    @Test("together with given settings becomes a model of Tern's")
    func settings() throws {
        var expected = Self.network
        expected.imageRows = 9
        expected.nonlinearity = .relu
        expected.readout = .mean
        let bytes = stateDict(expected, randomParameters(expected)).encoded()
        let model = try read(bytes, .init(expected))
        #expect(model.architecture == expected)
        let saved = try read(model.encoded())
        #expect(saved.architecture == expected && !saved.isInferred)
    }

    @Test("matches the image shape that its reading order needs")
    func orders() throws {
        for (sequence, rows, columns) in [
            (SequenceOrder.rows, 28, 6), (.columns, 6, 28), (.pixels, 28, 28), (.permuted, 28, 28),
        ] {
            let expected = Architecture(
                imageRows: rows, imageColumns: columns, sequence: sequence, hiddenSize: 5,
                layers: 1, classes: 4)
            var settings = StateDictSettings()
            settings.sequence = sequence
            let bytes = stateDict(expected, randomParameters(expected)).encoded()
            #expect(try read(bytes, settings).architecture == expected)
        }
        var settings = StateDictSettings()
        settings.sequence = .pixels
        refuse(
            stateDict(Self.network), settings,
            because: "reads 6 values a time step, but images of 28x28 read by pixels have 1")
        settings.sequence = .rows
        settings.imageColumns = 7
        refuse(stateDict(Self.network), settings, because: "images of 28x7 read by rows have 7")
        settings.imageRows = 0
        refuse(stateDict(Self.network), settings, because: "cannot read images of 0x7")
        settings = .init()
        (settings.imageRows, settings.imageColumns, settings.sequence) = (129, 128, .permuted)
        refuse(stateDict(Self.network), settings, because: "needs 16512 time steps")
    }

    @Test(
        "is rejected if any tensor is missing", arguments: layout.tensors.map(\.name))
    func missing(name: String) {
        var file = stateDict(Self.network)
        file.reorder { $0.filter { $0.name != name } }
        refuse(file, because: "it has no tensor \(name)")
    }

    @Test(
        "is rejected if it has an extra tensor",
        arguments: [
            "rnn.weight_hr_l0", "fc.scale", "head.bias", "rnn.bias_hh_l0_backward", "rnn.bias_hh_l",
            "rnn.bias_hh_l00", "rnn.bias_hh_l-1", "rnn.bias_hh_l9223372036854775808",
        ])
    func extra(name: String) {
        var file = stateDict(Self.network)
        file.append(name, shape: [1], bytes: [UInt8](repeating: 0, count: 4).span.bytes)
        refuse(file, because: "it has an unknown tensor \(name)")
    }

    @Test("is rejected if any tensor has a wrong shape", arguments: layout.tensors.indices)
    func misshapen(index: Int) {
        let wrong = Self.layout.tensors[index]
        var file = Safetensors()
        for tensor in Self.layout.tensors {
            let shape = tensor == wrong ? tensor.shape + [1] : tensor.shape
            let bytes = [UInt8](repeating: 0, count: 4 * tensor.count)
            file.append(tensor.name, shape: shape, bytes: bytes.span.bytes)
        }
        refuse(file, because: "\(wrong.name) is F32 \(wrong.shape + [1]), not ")
    }

    @Test(
        "is rejected if its tensors are not float32", arguments: ["F16", "BF16", "F64"])
    func otherType(type: String) {
        let size = type == "F64" ? 8 : 2
        var offset = 0
        let entries = Self.layout.tensors.map { tensor in
            defer { offset += size * tensor.count }
            return """
                "\(tensor.name)":{"dtype":"\(type)","shape":\(tensor.shape),\
                "data_offsets":[\(offset),\(offset + size * tensor.count)]}
                """
        }
        let data = [UInt8](repeating: 0, count: size * Self.layout.count)
        refuse(
            fileBytes("{\(entries.joined(separator: ","))}", data: data),
            because: "rnn.weight_hh_l0 is \(type) [15, 5], not an F32 matrix")
    }

    @Test("of unsupported sizes is rejected before allocation")
    func sizes() {
        refuse(matrices(hidden: [6, 3]), because: "rnn.weight_hh_l0 is [6, 3]; it must be 1")
        refuse(
            matrices(hidden: [0, 0]), because: "its network has 0 hidden values; Tern takes 1 to")
        refuse(matrices(classes: 1), because: "its network has 1 classes; Tern takes 2 to 256")
        refuse(matrices(classes: 257), because: "its network has 257 classes")
        refuse(matrices(input: 0), because: "its network has 0 values a time step")
        var deep = matrices()
        deep.append("rnn.bias_hh_l9223372036854775807", shape: [0], bytes: [UInt8]().span.bytes)
        refuse(deep, because: "its network has 4294967297 layers; Tern takes 1 to 64")
        // A few bytes claim sixty-four layers; the first missing tensor ends the reading.
        var shallow = matrices()
        shallow.append("rnn.bias_hh_l63", shape: [0], bytes: [UInt8]().span.bytes)
        refuse(shallow, because: "it has no tensor rnn.bias_ih_l0")
    }

    @Test("of another module is rejected with advice on what to save")
    func otherModule() {
        var file = Safetensors()
        file.append("lstm.weight_hh_l0", shape: [0], bytes: [UInt8]().span.bytes)
        refuse(file, because: "it has no tensor rnn.weight_hh_l0; save the float32 state_dict")
        refuse(Safetensors(), because: "it has no tensor rnn.weight_hh_l0")
    }

    @Test("as a pickle of torch.save is rejected with advice on how to save it")
    func pickle() {
        for bytes: [UInt8] in [
            [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0], [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46],
        ] {
            refuse(bytes, because: "save the state_dict with safetensors.torch.save_file")
        }
    }

    private static let network = Architecture(
        cell: .gru, imageRows: 28, imageColumns: 6, hiddenSize: 5, layers: 2,
        isBidirectional: true, classes: 4)
    private static let layout = ParameterLayout(network)

    private func read(
        _ bytes: [UInt8], _ settings: StateDictSettings = .init()
    ) throws(SafetensorsError) -> ModelFile {
        try ModelFile(parsing: bytes, path: "some/file", settings: settings)
    }

    /// The three tensors that determine the architecture.
    private func matrices(
        hidden: [Int] = [3, 3], input: Int = 2, classes: Int = 2
    ) -> Safetensors {
        var file = Safetensors()
        for (name, shape) in [
            ("rnn.weight_hh_l0", hidden), ("rnn.weight_ih_l0", [hidden[0], input]),
            ("fc.weight", [classes, hidden[1]]),
        ] {
            let bytes = [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
            file.append(name, shape: shape, bytes: bytes.span.bytes)
        }
        return file
    }

    private func refuse(
        _ file: Safetensors, _ settings: StateDictSettings = .init(), because reason: String
    ) {
        refuse(file.encoded(), settings, because: reason)
    }

    private func refuse(
        _ bytes: [UInt8], _ settings: StateDictSettings = .init(), because reason: String
    ) {
        let error = #expect(throws: SafetensorsError.self) { try read(bytes, settings) }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("some/file ") && !line.contains("\n"), "\(line)")
        #expect(line.contains(reason), "\(line)")
    }
}

/// A file with a network's tensors and only the metadata that PyTorch writes.
func stateDict(_ architecture: Architecture, _ parameters: Snapshot? = nil) -> Safetensors {
    var file = Safetensors(metadata: ["format": "pt"])
    (parameters ?? randomParameters(architecture)).withBytes { bytes in
        for tensor in ParameterLayout(architecture).tensors {
            let range = 4 * tensor.offset..<4 * (tensor.offset + tensor.count)
            file.append(tensor.name, shape: tensor.shape, bytes: bytes.extracting(range))
        }
    }
    return file
}

extension Safetensors {
    /// Replaces the file by one with a selection of its tensors, or in another order.
    fileprivate mutating func reorder(_ change: ([Tensor]) -> [Tensor]) {
        var file = Safetensors(metadata: metadata)
        for tensor in change(tensors) {
            file.append(
                tensor.name, shape: tensor.shape, bytes: Array(bytes(of: tensor)).span.bytes)
        }
        self = file
    }
}
