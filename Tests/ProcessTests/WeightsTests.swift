import Foundation
import Testing

@Suite("Models, checkpoints and run folders all work as weights", .bench)
struct WeightsTests {
    /// Trains a run of 2 epochs of 6 steps at a constant rate, and returns its newest checkpoint, which has the
    /// model's weights.
    private func trained(_ data: SampleData, _ run: RunFolder) async throws -> String {
        _ = try await Self.recipe.train(data, into: run)
        return run.path("checkpoints/step-000000012.safetensors")
    }
    private static let recipe = Recipe.small.with("--schedule", "constant", "--workers", "1")

    @Test("with the same results from evaluate, predict, inspect and export")
    func commands() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let checkpoint = try await trained(data, run)
        let images = [data.path(SampleData.testImages), "--index", "0-9"]
        func results(_ model: String) async throws -> [String] {
            var results: [String] = []
            for command in [["evaluate", model], ["predict", model] + images] {
                let ending = try await tern(command)
                #expect(ending.status == 0 && ending.errors == "", "\(ending)")
                results.append(ending.output)
            }
            results[0] = results[0].split(separator: "\n").dropFirst().joined(separator: "\n")
            let inspected = try await tern(["inspect", model]).output
            let weights = try #require(
                inspected.split(separator: "\n").first { $0.contains("sha256") })
            let program = bench.path("program.py")
            #expect(try await tern(["export", model, "--pytorch", program]).status == 0)
            return results + [String(weights)]
        }
        let ofModel = try await results(run.path("model.safetensors"))
        #expect(try await results(checkpoint) == ofModel)
        #expect(try await results(run.path) == ofModel)
        try FileManager.default.removeItem(atPath: run.path("model.safetensors"))
        #expect(try await results(run.path) == ofModel)
        #expect(try await results(run.path("checkpoints")) == ofModel)
        let inspected = try await tern(["inspect", run.path])
        #expect(inspected.output.contains("a checkpoint, after step 12"))
    }

    @Test("as initial weights, and the run ends with the same bits and verifies")
    func initialWeights() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let checkpoint = try await trained(data, run)
        var ends: Set<String> = []
        for (index, weights) in [run.path("model.safetensors"), checkpoint, run.path].enumerated() {
            let next = RunFolder("next-\(index)")
            ends.insert(
                try await Self.recipe.with("--initial-weights", weights).train(data, into: next)
                    .weights)
            #expect(try await tern(["verify", next.path]).status == 0)
        }
        #expect(ends.count == 1)
    }

    @Test(
        "for more epochs, with the bits of a run that had them from the start",
        arguments: [
            ["--schedule", "constant"], ["--schedule", "constant", "--warmup", "20"],
            ["--schedule", "step", "--step-epochs", "2", "--warmup", "5"],
        ])
    func moreEpochs(schedule: [String]) async throws {
        let (data, run, calm) = (try SampleData(), RunFolder(), RunFolder("calm"))
        func arguments(_ run: RunFolder, _ epochs: String) -> [String] {
            Recipe.small.with("--epochs", epochs, "--workers", "1").arguments(data, into: run)
                + schedule
        }
        let whole = try calm.completed(try await tern(arguments(calm, "4")))
        _ = try run.completed(try await tern(arguments(run, "2")))
        let ending = try await tern(["train", "--resume", run.path, "--epochs", "4"])
        #expect(try run.completed(ending).weights == whole.weights)
        #expect(ending.output.contains("skipping a model: \(run.path)/model.safetensors"))
        let verified = try await tern(["verify", run.path])
        #expect(verified.status == 0, "\(verified)")
        #expect(
            verified.output.contains("every position of 4 epochs was used exactly once; 24 steps"))
        for name in ["steps.csv", "config.json"] {
            #expect(try run.text(name) == calm.text(name))
        }
        try await expectRefusal(
            ["train", "--resume", run.path, "--epochs", "1"], status: 78, "--epochs is 1 but",
            "made steps of epoch 4")
    }

    @Test("without the prefixes of PyTorch's wrappers, which are reported")
    func wrapped() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await trained(data, run)
        var dictionary = try StateDict(ofModel: run.path("model.safetensors"))
        let plain = try dictionary.write("plain")
        dictionary.tensors = dictionary.tensors.map { tensor in
            StateDict.Tensor(
                name: "module._orig_mod.\(tensor.name)", shape: tensor.shape, bytes: tensor.bytes)
        }
        let file = try dictionary.write("wrapped")
        let note = "took module. and _orig_mod. off the names of the tensors"
        let size = ["--rows", "12"]
        for command in [
            ["import", file, "-o", bench.path("model")], ["evaluate", file, "--data", data.folder],
        ] {
            let ending = try await tern(command + size)
            #expect(ending.status == 0 && ending.errors == "\(file): \(note)\n", "\(ending)")
        }
        var ends: Set<String> = []
        for (name, weights) in [("a", plain), ("b", file)] {
            let next = RunFolder(name)
            let recipe = Self.recipe.with("--initial-weights", weights)
            let ending = try await tern(recipe.arguments(data, into: next))
            ends.insert(try next.completed(ending).weights)
            #expect(ending.output.contains(note) == (name == "b"), "\(ending)")
        }
        #expect(ends.count == 1)
    }

    @Test(
        "unless their name is invalid UTF-8, which is rejected before anything is created",
        arguments: [
            #"train --run-dir "$name" --data "$DATA" --epochs 1"#, #"train --data "$name""#,
            #"train --resume "$name""#, #"evaluate "$name""#, #"verify "./$name/run""#,
            #"worker --connect "ipc://$name""#, #"import "$name" --output="$name.safetensors""#,
        ])
    func invalidNames(command: String) async throws {
        let data = try SampleData()
        let script = #"name=$(printf 'r\377n'); mkdir -p seen; cd seen; "$0" "# + command
        let ending = try await bench.start(
            ["sh", "-c", script, ternPath], environment: ["DATA": data.folder]
        ).end()
        expectRefusal(ending, status: 64, ["is not valid UTF-8", "rename"])
        let made = try FileManager.default.contentsOfDirectory(atPath: bench.path("seen"))
        #expect(made.isEmpty)
    }

    @Test(
        "unless a variable or the working folder has invalid UTF-8",
        arguments: [
            (Int32(64), #"TMPDIR=$(printf '/tmp/r\377') exec "$0" train --data "$DATA""#),
            (74, #"mkdir "$(printf 'r\377')" && cd r* && exec "$0" train --data ../data"#),
        ])
    func invalidPlaces(status: Int32, script: String) async throws {
        let data = try SampleData()
        let ending = try await bench.start(
            ["sh", "-c", script, ternPath], environment: ["DATA": data.folder]
        ).end()
        expectRefusal(ending, status: status, ["not valid UTF-8"])
    }
}
