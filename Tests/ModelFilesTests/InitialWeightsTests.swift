import Files
import Hashing
import Kernels
import ModelFiles
import NeuralNetwork
import Settings
import TestSupport
import Testing

@Suite("Initial weights from a file")
struct InitialWeightsTests {
    private let folder: TemporaryFolder
    private let parameters = randomParameters(smallArchitecture)

    init() throws { folder = try TemporaryFolder() }

    @Test("come from a state_dict or a model, to the last bit, whatever the dropout")
    func origin() throws {
        var architecture = smallArchitecture
        architecture.dropout = 0.5
        for bytes in [stateDict(smallArchitecture, parameters).encoded(), model().encoded()] {
            let run = try settled(bytes)
            #expect(run.training.initialWeightsDigest == SHA256.hex(of: bytes))
            let read = try run.initialParameters(for: architecture)
            #expect(read?.values.bits == parameters.values.bits)
            #expect(try RunConfiguration(parsing: run.encoded(), path: "x") == run)
            try run.validate()
        }
        #expect(try RunConfiguration().initialParameters(for: architecture) == nil)
    }

    @Test("are compared by content when a run is resumed")
    func comparison() throws {
        let run = try settled(model().encoded())
        let digests = [RunConfiguration(), run].map { run in
            run.training.settings.first { $0.option == "initial-weights" }?.value
        }
        #expect(digests == ["none", run.training.initialWeightsDigest])
        try Files.writeAtomically(stateDict(smallArchitecture).encoded(), to: folder["weights"])
        refuse(run, smallArchitecture, because: "it has changed since this run started")
        var again = run
        try again.settleInitialWeights()
        #expect(again == run)
    }

    @Test("of another network are rejected")
    func otherNetworks() throws {
        let own = try settled(model().encoded())
        let foreign = try settled(stateDict(smallArchitecture).encoded(), name: "foreign")
        for (field, change) in Self.changes {
            var other = smallArchitecture
            change(&other)
            refuse(own, other, because: "its \(field) is ")
        }
        for (field, change) in Self.changes.prefix(4) {
            var other = smallArchitecture
            change(&other)
            refuse(foreign, other, because: "its \(field) is ")
        }
        var wider = smallArchitecture
        wider.imageColumns += 1
        refuse(foreign, wider, because: "reads 6 values a time step")
    }

    @Test("exclude another initialization, and their digest needs a file")
    func validation() throws {
        var run = try settled(model().encoded())
        run.training.initialization = .identity
        #expect(throws: ConfigurationError.self) { try run.validate() }
        run.training.initialization = .uniform
        run.initialWeights = nil
        #expect(throws: ConfigurationError.self) { try run.validate() }
    }

    @Test("from a missing file fail at once")
    func missing() {
        var run = RunConfiguration()
        run.initialWeights = folder["none"]
        #expect(throws: FileError.self) { try run.settleInitialWeights() }
    }

    private static let changes: [(String, @Sendable (inout Architecture) -> Void)] = [
        ("cell", { $0.cell = .gru }), ("hidden size", { $0.hiddenSize = 8 }),
        ("number of layers", { $0.layers = 1 }),
        ("number of directions", { $0.isBidirectional = true }),
        ("number of classes", { $0.classes = 5 }), ("nonlinearity", { $0.nonlinearity = .relu }),
        ("readout", { $0.readout = .mean }), ("sequence", { $0.sequence = .pixels }),
        ("example shape", { $0.imageRows = 6 }),
    ]

    private func model() -> ModelFile {
        ModelFile(
            architecture: smallArchitecture, dataset: "mnist", configuration: nil,
            parameters: parameters)
    }

    /// A run's configuration with initial weights from a file with these bytes.
    private func settled(_ bytes: [UInt8], name: String = "weights") throws -> RunConfiguration {
        try Files.writeAtomically(bytes, to: folder[name])
        var run = RunConfiguration()
        run.initialWeights = folder[name]
        try run.settleInitialWeights()
        return run
    }

    private func refuse(
        _ run: RunConfiguration, _ architecture: Architecture, because reason: String
    ) {
        let error = #expect(throws: SafetensorsError.self) {
            try run.initialParameters(for: architecture)
        }
        #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }
}
