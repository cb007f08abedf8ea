import DataParallel
import Testing

@Suite("A clock of waits") struct WaitClockTests {
    @Test("reminds every five seconds, and times out")
    func reminders() {
        var clock = WaitClock()
        #expect(clock.check(.seconds(100), timeout: .zero) == .none)
        clock.start(.seconds(1))
        #expect(clock.check(.seconds(5), timeout: .seconds(20)) == .none)
        #expect(clock.check(.seconds(6), timeout: .seconds(20)) == .remind(waited: .seconds(5)))
        #expect(clock.check(.seconds(7), timeout: .seconds(20)) == .none)
        #expect(clock.check(.seconds(11), timeout: nil) == .remind(waited: .seconds(10)))
        #expect(clock.check(.seconds(21), timeout: .seconds(20)) == .timedOut)
        clock.end()
        #expect(!clock.isWaiting)
        #expect(clock.check(.seconds(99), timeout: .seconds(20)) == .none)
    }

    @Test("detects that the coordinator was suspended")
    func gap() {
        var clock = WaitClock()
        clock.start(.seconds(1))
        #expect(clock.tick(.seconds(2)) == nil)
        #expect(clock.tick(.seconds(9)) == .seconds(7))
        #expect(clock.lastTick == .seconds(9))
    }
}

@Suite("A clock of the start") struct StartClockTests {
    @Test("gives the others as long again as the first took, but at least the patience")
    func patience() {
        var clock = StartClock()
        clock.distribute(.seconds(10))
        // The first workers are ready after 30 s.
        #expect(clock.wait(.seconds(40), patience: .seconds(5)).isOver == false)
        #expect(clock.wait(.seconds(69), patience: .seconds(5)).isOver == false)
        #expect(clock.wait(.seconds(70), patience: .seconds(5)) == (.seconds(30), true))
    }

    @Test("restarts its wait if too few workers have their data again")
    func lack() {
        var clock = StartClock()
        clock.distribute(.zero)
        _ = clock.wait(.seconds(1), patience: .seconds(5))
        clock.lack()
        #expect(clock.wait(.seconds(8), patience: .seconds(5)).isOver == false)
        #expect(clock.wait(.seconds(16), patience: .seconds(5)).isOver == true)
    }
}
