import DataParallel
import Testing

@Suite("The times of answers")
struct AnswerTimesTests {
    private let least = Duration.seconds(2)

    private func times(_ answers: Duration...) -> AnswerTimes {
        var times = AnswerTimes()
        for answer in answers { times.note(answer, atLeast: least) }
        return times
    }

    @Test("give ten times the longest, between the minimum and a hundred times the usual")
    func timeout() {
        #expect(AnswerTimes().timeout(atLeast: least) == .seconds(20))
        #expect(times(.milliseconds(1)).timeout(atLeast: least) == least)
        #expect(times(.seconds(1)).timeout(atLeast: least) == .seconds(10))
        #expect(
            times(.milliseconds(50), .milliseconds(50), .seconds(1)).timeout(atLeast: least)
                == .seconds(5))
    }

    @Test("double the timeout each time that workers are dropped, until one answers in time")
    func patience() {
        var times = times(.milliseconds(1), .milliseconds(1), .milliseconds(1))
        for seconds in [2, 4, 8] {
            #expect(times.timeout(atLeast: least) == .seconds(seconds))
            times.noteTimeout()
        }
        // A worker that answers only because of the longer timeout needs it in the next step too.
        times.note(.seconds(9), atLeast: least)
        #expect(times.timeout(atLeast: least) == .seconds(16))
        times.note(.milliseconds(1), atLeast: least)
        #expect(times.timeout(atLeast: least) == least)
    }

    @Test("never give a timeout that overflows a duration")
    func extremes() {
        var times = times(.seconds(1_000_000))
        for _ in 0..<100 { times.noteTimeout() }
        #expect(times.timeout(atLeast: least) == .seconds(10_000_000) * (1 << 20))
    }
}
