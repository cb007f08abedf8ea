import Simulation
import TestSupport
import Testing

@Suite("The events of simulated trainings")
struct TraceTests {
    @Test("equal the frozen traces, and lead to the right weights, for 1,000 seeds")
    func frozen() async throws {
        let traces = FrozenLines(
            "traces",
            "The first of 100 seeds, and the hash of their traces: "
                + "Scripts/simulate --seeds 1000 --hash-traces 100")
        let hashes = await TraceHash.all(of: 0...999, each: 100)
        #expect(hashes.flatMap(\.violations) == [])
        #expect(try traces.differences(from: hashes.map { "\($0)" }) == [])
    }
}
