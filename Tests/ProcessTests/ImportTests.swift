import FoundationEssentials
import Testing

@Suite("Weights from PyTorch", .bench)
struct ImportTests {
    /// A network, and the settings that its tensors do not reveal.
    struct Form: CustomTestStringConvertible {
        let recipe: Recipe
        let untold: [String]
        var testDescription: String { recipe.testDescription }

        init(_ recipe: Recipe, _ untold: String...) {
            self.recipe = recipe
            self.untold = ["--rows", "12"] + untold
        }
    }

    static let forms = [
        Form(.small),
        Form(
            .small.with("--nonlinearity", "relu", "--sequence", "columns", "--layers", "2"),
            "--sequence", "columns", "--columns", "12", "--nonlinearity", "relu"),
        Form(.small.with("--cell", "lstm", "--layers", "2", "--bidirectional", "")),
        Form(.small.with("--cell", "gru", "--readout", "mean"), "--readout", "mean"),
        Form(.small.with("--convolution", "4"), "--columns", "12"),
    ]

    @Test("give back the original model, with the same weights and test results", arguments: forms)
    func roundTrip(form: Form) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let summary = try await form.recipe.train(data, into: run)
        let file = try StateDict(ofModel: run.path("model.safetensors")).write()
        let model = bench.path("imported.safetensors")
        let ending = try await tern(["import", file, "--output", model] + form.untold)
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        #expect(ending.output.contains("sha256 \(summary.weights)"))
        #expect(ending.output.contains("does not tell the settings of a run"))

        let unknown = "; the model does not tell whether it was trained on these data"
        var expected = try await testLines(run.path, data)
        expected[0] += unknown
        #expect(try await testLines(model, data) == expected)
        #expect(try await testLines(file, data, form.untold) == expected)
    }

    /// The lines of `tern evaluate` with the data set and the model's loss and accuracy.
    private func testLines(
        _ model: String, _ data: SampleData, _ options: [String] = []
    ) async throws -> [Substring] {
        let ending = try await tern(["evaluate", model, "--data", data.folder] + options)
        #expect(ending.status == 0, "\(ending)")
        let lines = ending.output.split(separator: "\n").filter { !$0.hasPrefix("  model ") }
        #expect(lines.count == 3)
        return lines
    }

    /// A way to damage a valid `state_dict`, and the expected error.
    struct Fault: CustomTestStringConvertible {
        let testDescription: String
        let parts: [String]
        let spoil: @Sendable (StateDict) -> [UInt8]

        init(
            _ description: String, _ parts: String..., bytes: @escaping @Sendable () -> [UInt8]
        ) {
            testDescription = description
            self.parts = parts
            spoil = { _ in bytes() }
        }

        init(
            _ description: String, _ parts: String...,
            spoil: @escaping @Sendable (inout StateDict) -> Void
        ) {
            testDescription = description
            self.parts = parts
            self.spoil = { file in
                var spoilt = file
                spoil(&spoilt)
                return spoilt.encoded
            }
        }
    }

    static let faults: [Fault] = [
        Fault("a tensor is missing", "does not fit", "it has no tensor fc.bias", "named fc") {
            $0.tensors.removeAll { $0.name == "fc.bias" }
        },
        Fault("the tensor that tells the cell is missing", "it has no tensor rnn.weight_hh_l0") {
            $0.tensors.removeAll { $0.name == "rnn.weight_hh_l0" }
        },
        Fault("a tensor is too many", "does not fit", "an unknown tensor fc2.bias") {
            $0.tensors.append(.init(name: "fc2.bias", shape: [1], bytes: [0, 0, 0, 0]))
        },
        Fault("a tensor has another shape", "rnn.bias_ih_l0 is F32 [8, 2], not F32 [16]") {
            $0.change("rnn.bias_ih_l0") { $0.shape = [8, 2] }
        },
        Fault("a tensor is shorter", "fc.bias is F32 [9], not F32 [10]") {
            $0.change("fc.bias") {
                $0.shape = [9]
                $0.bytes.removeLast(4)
            }
        },
        Fault("its numbers are float64", "is F64 [16, 16], not an F32 matrix", "float32") {
            for index in $0.tensors.indices {
                $0.tensors[index].type = "F64"
                $0.tensors[index].bytes += $0.tensors[index].bytes
            }
        },
        Fault("one tensor is float64", "fc.bias is F64 [10], not F32 [10]", "float32") {
            $0.change("fc.bias") {
                $0.type = "F64"
                $0.bytes += $0.bytes
            }
        },
        Fault("a tensor claims 2^60 values", "fc.bias does not have the size of its shape") {
            $0.change("fc.bias") { $0.shape = [1 << 60] }
        },
        Fault("a network of 2^40 hidden values is claimed", "does not have the size of its shape") {
            $0.change("rnn.weight_hh_l0") { $0.shape = [1 << 40, 1 << 40] }
        },
        Fault("two tensors overlap", "lies outside the file or overlaps another tensor") {
            let size = $0.tensors[0].bytes.count
            $0.tensors[1].claimedOffsets = [size - 4, size - 4 + $0.tensors[1].bytes.count]
        },
        Fault("a tensor lies outside the file", "fc.bias lies outside the file") {
            let end = $0.tensors.reduce(0) { $0 + $1.bytes.count }
            $0.change("fc.bias") { $0.claimedOffsets = [end, end + 40] }
        },
        Fault("a tensor lies 2^60 bytes away", "fc.bias lies outside the file") {
            $0.change("fc.bias") { $0.claimedOffsets = [1 << 60, 1 << 60 + 40] }
        },
        Fault("a header of 2^60 bytes is claimed", "its header claims more bytes") {
            littleEndian(UInt64(1) << 60) + Array("{}".utf8)
        },
        Fault("a weight is NaN", "1 of its", "weights are NaN or infinite, the first in fc.bias") {
            $0.change("fc.bias") { $0.bytes.replaceSubrange(4..<8, with: [0, 0, 0xC0, 0x7F]) }
        },
        Fault("weights are infinite", "2 of its", "the first in rnn.bias_ih_l0", "learning rate") {
            $0.change("rnn.bias_ih_l0") {
                $0.bytes.replaceSubrange(0..<8, with: [0, 0, 0x80, 0x7F, 0, 0, 0x80, 0xFF])
            }
        },
        Fault("an extra tensor has a type of no format", "extra", "does not know, U128") {
            $0.tensors.append(.init(name: "extra", type: "U128", shape: [1], bytes: [1, 2]))
        },
        Fault("it is empty", "it has 0 bytes") { [] },
        Fault("it is a text", "is a text, not a safetensors file", "save_file") {
            Array("These are no weights.\n".utf8)
        },
        Fault("torch.save wrote it", "a pickle of torch.save", "safetensors.torch.save_file") {
            [0x50, 0x4B, 3, 4, 0, 0, 8, 8] + Array("archive/data.pkl".utf8)
        },
        Fault("torch.save wrote it long ago", "a pickle of torch.save") {
            [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        },
    ]

    @Test("are rejected with one line that names the mismatch", arguments: faults)
    func refusal(fault: Fault) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let good = try StateDict(ofModel: run.path("model.safetensors"))
        let bad = try writeFile("bad.safetensors", fault.spoil(good))
        let (model, other) = (bench.path("imported.safetensors"), RunFolder("other"))
        for arguments in [
            ["import", bad, "--rows", "12", "--output", model],
            ["evaluate", bad, "--rows", "12", "--data", data.folder],
            Recipe.small.with("--initial-weights", bad).arguments(data, into: other),
        ] {
            let ending = try await ternInLittleMemory(arguments)
            expectRefusal(ending, status: 65, [bad] + fault.parts)
        }
        #expect(!FileManager.default.fileExists(atPath: model))
        #expect(!FileManager.default.fileExists(atPath: other.path))
    }

    @Test("are reported as too large if the test loss is not finite")
    func tooLarge() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        var file = try StateDict(ofModel: run.path("model.safetensors"))
        let huge = littleEndian(Float(3e38).bitPattern)
        file.change("fc.weight") { $0.bytes = $0.bytes.indices.map { huge[$0 % 4] } }
        try await expectRefusal(
            ["evaluate", file.write(), "--rows", "12", "--data", data.folder], status: 65,
            "the test loss of", "is not finite", "lower learning rate")
    }

    @Test("are imported within the memory limit of the rejection tests")
    func memory() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let file = try StateDict(ofModel: run.path("model.safetensors")).write()
        let ending = try await ternInLittleMemory(["import", file, "--rows", "12"])
        #expect(ending.status == 0, "\(ending)")
    }

    /// Runs `tern` in half a gigabyte of address space, far less than a hostile file may claim.
    private func ternInLittleMemory(_ arguments: [String]) async throws -> Ending {
        let script = "ulimit -v 500000 && exec \"$@\""
        return try await bench.start(["sh", "-c", script, "sh", ternPath] + arguments).end()
    }

    @Test("become model.safetensors by default, unless that exists")
    func output() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let file = try StateDict(ofModel: run.path("model.safetensors")).write()
        let first = try await tern(["import", file, "--rows", "12"])
        #expect(first.status == 0, "\(first)")
        let model = try readFile(bench.path("model.safetensors"))
        try await expectRefusal(
            ["import", file], status: 73, "model.safetensors already exists", "--output")
        #expect(try readFile(bench.path("model.safetensors")) == model)
        try await expectRefusal(
            ["import", file, "--output", bench.path("none/model")], status: 74,
            "cannot write \(bench.path("none/model"))", "check the path")
    }

    @Test("are rejected if they are missing or were written by Tern")
    func notForeign() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        try await expectRefusal(
            ["import", bench.path("none")], status: 74, "cannot read \(bench.path("none"))",
            "check the path")
        try await expectRefusal(
            ["import", data.folder], status: 74, "cannot read \(data.folder)", "Is a directory")
        let model = run.path("model.safetensors")
        try await expectRefusal(
            ["import", model], status: 64, "\(model) is already a Tern model")
        try await expectRefusal(
            ["import", model, "--readout", "mean"], status: 64,
            "\(model) tells itself what network it is of", "leave out")
    }

    @Test("are rejected with sizes that contradict them")
    func otherSizes() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.train(try SampleData(), into: run)
        let file = try StateDict(ofModel: run.path("model.safetensors")).write()
        try await expectRefusal(
            ["import", file, "--sequence", "pixels"], status: 65, "\(file) does not fit",
            "reads 12 values a time step", "give the --sequence, --rows and --columns")
        try await expectRefusal(
            ["import", file, "--columns", "13"], status: 65, "images of 28x13 read by rows have 13")
        try await expectRefusal(
            ["import", file, "--rows", "0"], status: 65, "cannot read images of 0x12")
    }
}
