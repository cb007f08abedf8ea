import FoundationEssentials
import Requirements
import Testing

@Suite("tern export", .bench)
struct ExportTests {
    static let recipes =
        ["rnn", "lstm", "gru"].flatMap { cell in
            [
                Recipe.small.with("--cell", cell),
                .small.with("--cell", cell, "--layers", "2", "--bidirectional", ""),
            ]
        } + [
            .small.with("--cell", "gru", "--convolution", "4", "--readout", "mean"),
            .small.with("--nonlinearity", "relu", "--sequence", "permuted", "--hidden", "8"),
        ]

    @Test(
        "writes a valid Python program",
        .needs(.program("python3")), arguments: recipes)
    func compiles(recipe: Recipe) async throws {
        let run = RunFolder()
        _ = try await recipe.train(try SampleData(), into: run)
        let program = try await export(run)
        let python = try bench.start(["python3", "-m", "py_compile", program])
        let ending = try await python.end()
        #expect(ending.status == 0, "\(ending)")
    }

    @Test(
        "writes a network that PyTorch evaluates to the same loss",
        .needs(Python.torch),
        arguments: recipes)
    func pyTorch(recipe: Recipe) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let summary = try await recipe.with("--epochs", "5").train(data, into: run)
        let program = try await export(run)
        let python = try bench.start(
            [
                try #require(Python.withTorch), Python.script("check-export.py"), program,
                "--data", data.folder,
            ], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        let ending = try await python.end()
        #expect(ending.status == 0, "\(ending)")
        let numbers = ending.output.split { $0.isWhitespace || $0 == "=" }.compactMap { Double($0) }
        try #require(numbers.count == 2, "\(ending)")
        #expect(abs(numbers[0] - (try #require(summary.testLoss))) < 1e-5)
        #expect(abs(numbers[1] - (try #require(summary.testAccuracy))) < 1e-6)
    }

    @Test("replaces a program of the same name, and leaves no other file")
    func replaces() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.train(try SampleData(), into: run)
        try FileManager.default.createDirectory(
            atPath: bench.path("programs"), withIntermediateDirectories: false)
        let path = try writeFile("programs/model.py", Array("print(1)\n".utf8))
        let ending = try await tern(["export", run.path, "--pytorch", path])
        #expect(ending.status == 0, "\(ending)")
        let text = String(decoding: try readFile(path), as: UTF8.self)
        #expect(text.contains("WEIGHTS = \"\(run.path("model.safetensors"))\"\n"))
        #expect(!text.contains("print(1)"))
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("programs"))
        #expect(names == ["model.py"])
    }

    @Test("reports in one line why a program cannot be written, and leaves nothing of it")
    func unwritable() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.train(try SampleData(), into: run)
        try FileManager.default.createDirectory(
            atPath: bench.path("folder.py"), withIntermediateDirectories: false)
        for (name, part) in [
            ("none/model.py", "cannot write"),
            ("run/model.safetensors/model.py", "Not a directory"),
            ("folder.py", "cannot replace"),
        ] {
            try await expectRefusal(
                ["export", run.path, "--pytorch", bench.path(name)], status: 74, part,
                bench.path(name))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        #expect(!names.contains { $0.hasSuffix(".tmp") })
    }

    @Test("rejects a file without a model, and an output that is not named as a program")
    func wrongUse() async throws {
        let (data, program) = (try SampleData(), bench.path("model.py"))
        try await expectRefusal(
            ["export", bench.path("none"), "--pytorch", program], status: 74, "cannot read")
        try await expectRefusal(
            ["export", data.path(SampleData.testLabels), "--pytorch", program], status: 65,
            "not a safetensors file")
        #expect(!FileManager.default.fileExists(atPath: program))
        let ending = try await tern(["export", data.folder, "--pytorch", "model.safetensors"])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("--pytorch must name a Python file, such as model.py"))
    }

    /// Writes the program of a run's model beside it, and returns its path.
    private func export(_ run: RunFolder) async throws -> String {
        let ending = try await tern(["export", run.path, "--pytorch", run.path("model.py")])
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        let program = run.path("model.py")
        #expect(ending.output == "wrote \(program); to print the module: python3 \(program)\n")
        return program
    }
}
