import DataParallel
import Testing

@Suite("A record that cannot be written") struct RecordFailureTests {
    /// Trains until the record fails at an event, and returns the coordinator after its worker has left.
    private func train(failingAfter events: Int, interrupting: Bool) -> CoordinatorUnderTest {
        let coordinator = CoordinatorUnderTest(checkpointEvery: 2)
        coordinator.failRecord(after: events)
        coordinator.join("a")
        for step in 0..<8 where coordinator.result == nil {
            coordinator.makeStep()
            coordinator.checkpointWritten()
            if interrupting, step == 5 { coordinator.interrupt() }
        }
        coordinator.lose("a")
        coordinator.checkpointWritten()
        return coordinator
    }

    @Test("ends the run, whichever event meets the error first", arguments: [false, true])
    func anyEvent(interrupting: Bool) {
        var events = 0
        while case let coordinator = train(failingAfter: events, interrupting: interrupting),
            coordinator.events.count > events
        {
            guard case .failed? = coordinator.result?.outcome else {
                Issue.record("after \(events) events: \(String(describing: coordinator.result))")
                return
            }
            events += 1
        }
        #expect(events > 10)
    }
}
