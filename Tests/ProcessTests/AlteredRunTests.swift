import FoundationEssentials
import Glibc
import Testing

@Suite("tern verify detects", .bench)
struct AlteredRunTests {
    /// A run of 2 epochs of 6 steps with checkpoints at the steps 8, 10 and 12.
    private func trained() async throws -> RunFolder {
        let run = RunFolder()
        _ = try await Recipe.small.with("--checkpoint-every", "2").train(
            try SampleData(), into: run)
        return run
    }

    /// Expects these lines, each starting with the run's folder, before the last line.
    private func expectFindings(
        _ run: RunFolder, _ options: [String] = [], _ findings: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ending = try await tern(["verify", run.path] + options)
        #expect(ending.status == 2, "\(ending)", sourceLocation: sourceLocation)
        #expect(ending.errors == "", sourceLocation: sourceLocation)
        let lines = ending.output.split(separator: "\n").map(String.init)
        #expect(lines.count == findings.count + 1, "\(ending)", sourceLocation: sourceLocation)
        for (line, finding) in zip(lines, findings) {
            #expect(
                line.hasPrefix("\(run.path)/\(finding)"), "\(ending)",
                sourceLocation: sourceLocation)
        }
        let end = findings.count == 1 ? "1 problem found" : "\(findings.count) problems found"
        #expect(
            lines.last == "\(run.path) does not verify: \(end)", sourceLocation: sourceLocation)
    }

    /// Changes the last digit of a line.
    private func alter(_ line: inout String) {
        let digit = line.removeLast()
        line.append(digit == "0" ? "1" : "0")
    }

    @Test("a changed hash in the record", arguments: [1, 7, 8, 12])
    func hash(step: Int) async throws {
        let run = try await trained()
        let right = try #require(try run.steps[step - 1].split(separator: ",").last)
        try run.changeSteps { alter(&$0[step - 1]) }
        let wrong = try #require(try run.steps[step - 1].split(separator: ",").last)
        let note =
            step < 12 ? "; those of step \(step + 1) are right, so this line was changed" : ""
        try await expectFindings(
            run, [],
            "steps.csv: the weights of step \(step) are \(wrong), but must be \(right)\(note)")
    }

    @Test("changed hashes from some step on")
    func hashes() async throws {
        let run = try await trained()
        try run.changeSteps { for index in 8..<12 { alter(&$0[index]) } }
        let findings = try await tern(["verify", run.path]).output
        #expect(findings.contains("steps.csv: the weights of step 9 are "))
        #expect(!findings.contains("this line was changed"))
    }

    @Test(
        "missing, repeated, partial, swapped or garbage lines of the record, or wrong positions"
    )
    func lines() async throws {
        let run = try await trained()
        let original = try run.text("steps.csv")
        func expect(_ finding: String, _ change: (inout [String]) -> Void) async throws {
            try Data(original.utf8).write(to: URL(filePath: run.path("steps.csv")))
            try run.changeSteps(change)
            try await expectFindings(run, [], "steps.csv: \(finding)")
        }
        try await expect("step 5 is missing: line 6 records step 6") { $0.remove(at: 4) }
        try await expect("line 6 repeats step 4") { $0.insert($0[3], at: 4) }
        try await expect("line 6 should record step 5") { $0[4].removeLast() }
        try await expect("step 5 is missing") { $0.swapAt(4, 5) }
        try await expect("line 6 should record step 5") { $0[4] = "\u{1B}[2J" }
        try await expect("step 5 used the positions 400 to 498 of epoch 1 instead of 400 to 499") {
            $0[4] = $0[4].replacing("400,500", with: "400,499")
        }
        try await expect("step 7 is recorded in epoch 1") {
            $0[6] = $0[6].replacing("7,2,", with: "7,1,")
        }
        try await expect("it ends at step 9, but the run has completed 12") { $0.removeLast(3) }
        try await expect("it continues to step 13, but the run has only 12") { $0.append($0[11]) }
    }

    @Test(
        "a changed weight in a checkpoint with valid checksums", arguments: [8, 12],
        [[], ["--from", "12"]])
    func weight(step: Int, options: [String]) async throws {
        let run = try await trained()
        let name = "checkpoints/step-0000000\(step < 10 ? "0" : "")\(step).safetensors"
        try run.changeSealed(name, tensor: "rnn.weight_hh_l0")
        try await expectFindings(
            run, options, "\(name): its weights are not the ones after step \(step)")
    }

    @Test(
        "a changed optimizer state in a checkpoint with valid checksums, by a replay")
    func moment() async throws {
        let run = try await trained()
        let name = "checkpoints/step-000000010.safetensors"
        try run.changeSealed(name, tensor: "second_moment.fc.weight")
        try await expectFindings(
            run, [], "\(name): its optimizer's state is not the one after step 10")
    }

    @Test("an altered checkpoint that a run was about to resume from")
    func resumedFromAltered() async throws {
        let run = try await trained()
        let weights = try run.summary.weights
        for name in [
            "checkpoints/step-000000010.safetensors", "checkpoints/step-000000012.safetensors",
        ] { #expect(unlink(run.path(name)) == 0) }
        let name = "checkpoints/step-000000008.safetensors"
        try run.changeSealed(name, tensor: "rnn.weight_hh_l0")
        try await expectRefusal(
            ["train", "--resume", run.path], status: 65,
            "\(run.path(name)) has other weights than the record has for step 8",
            "put \(run.path("checkpoints")) away")
        #expect(rename(run.path("checkpoints"), run.path("away")) == 0)
        #expect(try await run.resume().weights == weights)
        #expect(try await tern(["verify", run.path]).status == 0)
    }

    @Test("a damaged checkpoint, one of another run, and another model")
    func files() async throws {
        let (run, other) = (try await trained(), RunFolder("other"))
        let names = run.checkpoints.map { "checkpoints/\($0)" }
        try run.change(names[1]) { $0[$0.count - 1] ^= 1 }
        _ = try await Recipe.small.with("--seed", "5").train(
            SampleData(at: bench.path("data")), into: other)
        for name in [names[2], "model.safetensors"] {
            try Data(readFile(other.path(name))).write(to: URL(filePath: run.path(name)))
        }
        let ending = try await tern(["verify", run.path])
        #expect(ending.status == 2)
        let lines = ending.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 4, "\(ending)")
        for part in [
            "\(names[1]) is damaged", "\(names[2]): it was made with --seed 5",
            "model.safetensors: it was made with --seed 5",
        ] { #expect(lines.contains { $0.contains(part) }, "\(part) in \(ending)") }
    }

    @Test("a changed weight in a model with valid checksums")
    func model() async throws {
        let run = try await trained()
        try run.changeSealed("model.safetensors", tensor: "fc.weight")
        try await expectFindings(
            run, [], "model.safetensors: its weights are not the ones after the last step")
    }
}
