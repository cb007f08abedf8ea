import Testing
import ZeroMQ

@Suite("SpinPolicy")
struct SpinPolicyTests {
    @Test("spins only when work is expected, and once each time")
    func expectation() {
        var spinPolicy = SpinPolicy()
        #expect(!attempt(&spinPolicy))
        spinPolicy.expect()
        #expect(attempt(&spinPolicy))
        #expect(!attempt(&spinPolicy))
    }

    @Test("spins less and less often while work arrives too late, up to a limit")
    func vainWaits() {
        var spinPolicy = SpinPolicy()
        let tries = (0..<1000).filter { _ in
            spinPolicy.expect()
            guard attempt(&spinPolicy) else { return false }
            spinPolicy.ended(inTime: false)
            return true
        }
        let pauses = zip(tries, tries.dropFirst()).map { $1 - $0 - 1 }
        #expect(pauses.prefix(6) == [0, 0, 8, 16, 32, 64])
        #expect(pauses.dropFirst(6).allSatisfy { $0 == 64 })
    }

    @Test("spins as before after one spin that was worth it")
    func recovery() {
        var spinPolicy = SpinPolicy()
        for inTime in [false, false, false, false, true] {
            repeat { spinPolicy.expect() } while !attempt(&spinPolicy)
            spinPolicy.ended(inTime: inTime)
        }
        spinPolicy.expect()
        #expect(attempt(&spinPolicy))
    }

    private func attempt(_ spinPolicy: inout SpinPolicy) -> Bool { spinPolicy.begins() }
}
