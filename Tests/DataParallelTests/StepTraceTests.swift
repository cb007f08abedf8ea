import DataParallel
import Protocol
import Reduction
import Testing

@Suite("A step is traced on the coordinator's clock") struct StepTraceTests {
    private var clock = StepClock<String>(now: .zero, tracing: 2...2)

    init() { clock.join("a", name: "node:1") }

    /// A step from `start` ms; its worker, whose clock is 5 s ahead, computes from 10 to 30 ms after that.
    private mutating func makeStep(_ step: Int, at start: Int) {
        clock.begin(step: step, at: .milliseconds(start))
        clock.ask("a", slots: 4, bytes: 0)
        clock.rest(at: .milliseconds(start + 1))
        clock.enter(.reduce, at: .milliseconds(start + 40))
        let timing = WorkTiming(
            began: .milliseconds(5010 + start), took: .milliseconds(20),
            lanes: [
                .init(start: .milliseconds(1), time: .milliseconds(15)),
                .init(start: .milliseconds(2), time: .seconds(50)),
            ])
        clock.answer("a", timing, isLast: true, at: .milliseconds(start + 40))
        clock.trace(timing, of: "a", at: .milliseconds(start + 40))
        clock.beginUpdate(at: .milliseconds(start + 41))
        clock.updated(Tally(), learningRate: 1, at: .milliseconds(start + 41))
    }

    private func span(_ first: Int, _ last: Int) -> Range<Duration> {
        .milliseconds(first)..<(.milliseconds(last))
    }

    @Test("with its phases, its workers and their lanes, once the next one begins")
    mutating func whole() throws {
        makeStep(1, at: 0)
        makeStep(2, at: 100)
        let early = clock.takeTraces()
        #expect(early == [])
        makeStep(3, at: 150)
        let traces = clock.takeTraces()
        let trace = try #require(traces.first)
        #expect(traces.count == 1)
        #expect((trace.step, trace.span) == (2, span(100, 150)))
        #expect(trace.phases.map(\.name) == ["send", "first", "reduce", "update"])
        #expect(
            trace.phases.map(\.span) == [
                span(100, 101), span(101, 140), span(140, 141), span(141, 150),
            ])
        let work = try #require(trace.works.first)
        #expect(work.worker == "node:1")
        #expect(work.request == span(100, 140))
        // Before any ping, the work is assumed to lie in the middle of the answer time.
        #expect(work.span == span(110, 130))
        // A lane cannot compute longer than its worker was busy, whatever it reports.
        #expect(work.lanes == [span(111, 126), span(112, 130)])
        let again = clock.takeTraces()
        #expect(again == [])
    }

    @Test("by the clock offset from pings, as far as it is plausible")
    mutating func offset() throws {
        makeStep(1, at: 0)
        clock.ping("a", at: .milliseconds(60))
        clock.answerPing("a", clock: .milliseconds(5066), at: .milliseconds(64))
        makeStep(2, at: 100)
        clock.rest(at: .milliseconds(150))
        let traces = clock.takeTraces()
        #expect(traces.first?.works.first?.span == span(106, 126))

        var other = StepClock<String>(now: .zero, tracing: 2...2)
        other.join("a", name: "node:1")
        swap(&clock, &other)
        makeStep(1, at: 0)
        clock.ping("a", at: .milliseconds(60))
        clock.answerPing("a", clock: .seconds(99), at: .milliseconds(64))
        makeStep(2, at: 100)
        clock.rest(at: .milliseconds(150))
        let absurd = clock.takeTraces()
        #expect(absurd.first?.works.first?.span == span(100, 120))
    }
}
