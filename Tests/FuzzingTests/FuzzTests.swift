import Foundation
import Fuzzing
import Randomness
import Testing

@Suite("No external input breaks its parser") struct FuzzTests {
    /// The corpus of a target: valid inputs, and those that once broke something or could have.
    private func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
        let path = try #require(Bundle.module.resourcePath)
        let folder = "\(path)/Fixtures/corpus/\(target.rawValue)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return try names.map { try Array(Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) }
    }

    @Test("neither the inputs of the corpus", arguments: FuzzTarget.allCases)
    func kept(target: FuzzTarget) throws {
        for input in try corpus(of: target) { target.run(input) }
    }

    @Test("nor 25,000 mutations of them for each target", arguments: FuzzTarget.allCases)
    func mutated(target: FuzzTarget) throws {
        // Long inputs are slow and find nothing more.
        let seeds = try corpus(of: target).filter { $0.count <= 2048 }
        // TERN_FUZZ_SEED=2 tries as many others.
        let seed = ProcessInfo.processInfo.environment["TERN_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        var mutator = Mutator(seeds: seeds, random: Philox(seed: seed, for: "fuzzing"))
        for _ in 0..<25_000 { target.run(mutator.next()) }
    }
}
