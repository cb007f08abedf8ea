import DataParallel
import Testing

@Suite("A schedule of checkpoints") struct CheckpointScheduleTests {
    @Test("allows one write at a time")
    func oneAtATime() {
        var schedule = CheckpointSchedule(step: 0)
        #expect(schedule.due(3) == true)
        #expect(schedule.due(4) == false)
        schedule.written()
        #expect(schedule.due(4) == true)
    }

    @Test("skips checkpoints that exist already, from this session or an earlier one")
    func kept() {
        var schedule = CheckpointSchedule(step: 5)
        #expect(schedule.due(5) == false)
        #expect(schedule.isKept(5))
        #expect(schedule.due(6) == true)
        #expect(!schedule.isKept(6))
        schedule.written()
        #expect(schedule.isKept(6))
        #expect(schedule.due(6) == false)
        schedule.rewind(to: 0)
        #expect(schedule.due(6) == true)
    }

    @Test("holds the next step while a checkpoint is being written, or the record has no room")
    func hold() {
        var schedule = CheckpointSchedule(step: 0)
        #expect(schedule.mayUpdate)
        _ = schedule.due(1)
        #expect(!schedule.mayUpdate)
        schedule.note(recordIsFull: true)
        schedule.written()
        #expect(!schedule.mayUpdate)
        schedule.note(recordIsFull: false)
        #expect(schedule.mayUpdate)
        _ = schedule.due(2)
        schedule.failed()
        #expect(schedule.mayUpdate)
    }

    @Test("fulfils a signal's request with the checkpoint that is being written, or the next")
    func request() {
        var schedule = CheckpointSchedule(step: 0)
        _ = schedule.due(1)
        schedule.request()
        #expect(schedule.isRequestFulfilled)
        schedule.written()
        #expect(!schedule.isRequestFulfilled)
    }

    @Test("postpones a checkpoint whose state is not available yet to the next step")
    func postponed() {
        var schedule = CheckpointSchedule(step: 0)
        schedule.request()
        schedule.postpone()
        #expect(schedule.isOverdue && !schedule.isRequestFulfilled)
        _ = schedule.due(1)
        #expect(!schedule.isOverdue && schedule.isRequestFulfilled)
        schedule.postpone()
        schedule.cancel()
        #expect(!schedule.isOverdue)
    }
}
