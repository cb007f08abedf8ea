import Testing

/// The parts of Scripts/compare-pytorch that work without PyTorch.
@Suite("Scripts/compare-pytorch", .bench)
struct CompareScriptTests {
    private func compare(_ arguments: [String]) async throws -> Ending {
        try await bench.start([packagePath("Scripts/compare-pytorch")] + arguments).end()
    }

    @Test("lists its options")
    func help() async throws {
        let ending = try await compare(["--help"])
        #expect(ending.status == 0)
        for option in ["rounds", "limit", "only", "eager", "sizes", "data", "python"] {
            #expect(ending.output.contains("  --\(option)"))
        }
    }

    @Test(
        "rejects invalid options in one line",
        arguments: [
            (["--rounds", "0"], "--rounds must be"), (["--limit", "10"], "--limit must be"),
            (["--rounds"], "lacks its value"), (["--fast", "1"], "--fast is no option"),
            (["--python", "false"], "has no torch and numpy"),
        ])
    func refusals(arguments: [String], part: String) async throws {
        let ending = try await compare(arguments)
        #expect(ending.status == 1)
        #expect(ending.errorLines.count == 1, "\(ending)")
        #expect(ending.errors.contains(part), "\(ending)")
    }
}
