import Testing
import ZeroMQ

@Suite("Anticipation")
struct AnticipationTests {
    @Test("a thread stays awake only where work is expected, and once each time")
    func expectation() {
        var anticipation = Anticipation()
        #expect(!attempt(&anticipation))
        anticipation.expect()
        #expect(attempt(&anticipation))
        #expect(!attempt(&anticipation))
    }

    @Test("work that keeps coming too late is waited for ever less, up to a limit")
    func vainWaits() {
        var anticipation = Anticipation()
        let tries = (0..<1000).filter { _ in
            anticipation.expect()
            guard attempt(&anticipation) else { return false }
            anticipation.ended(inTime: false)
            return true
        }
        let pauses = zip(tries, tries.dropFirst()).map { $1 - $0 - 1 }
        #expect(pauses.prefix(6) == [0, 0, 8, 16, 32, 64])
        #expect(pauses.dropFirst(6).allSatisfy { $0 == 64 })
    }

    @Test("one wait that was worth while makes up for all that were not")
    func recovery() {
        var anticipation = Anticipation()
        for inTime in [false, false, false, false, true] {
            repeat { anticipation.expect() } while !attempt(&anticipation)
            anticipation.ended(inTime: inTime)
        }
        anticipation.expect()
        #expect(attempt(&anticipation))
    }

    private func attempt(_ anticipation: inout Anticipation) -> Bool { anticipation.begins() }
}
