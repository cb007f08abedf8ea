import DataParallel
import Protocol
import Reduction
import RunEvents
import Testing

@Suite("The coordinator measures where the time of its steps goes") struct StepClockTests {
    private var clock = StepClock<String>(now: .zero)

    init() {
        clock.join("a", name: "node1:1")
        clock.join("b", name: "node2:2")
    }

    private mutating func measure(until time: Int) -> TimingReport? {
        clock.report(at: .milliseconds(time), members: ["a", "b"], seconds: 1, epoch: 1, step: 1)
    }

    /// A step from 100 to 200 ms: a's sum arrives at 130, and b's, which is late, at 180.
    private mutating func makeStep() {
        clock.begin(step: 1, at: .milliseconds(100))
        for peer in ["a", "b"] {
            clock.ask(peer, slots: 8, bytes: 0)
            clock.sent(1000, to: peer)
        }
        clock.rest(at: .milliseconds(101))
        receive("a", took: 25, lanes: [20, 10], at: 130)
        clock.rest(at: .milliseconds(132))
        receive("b", took: 70, lanes: [60], at: 180)
        clock.beginUpdate(at: .milliseconds(182))
        clock.updated(
            Tally(examples: 10, correct: 5, loss: 20), learningRate: 0.5, at: .milliseconds(190))
        clock.enter(.record, at: .milliseconds(190))
        clock.rest(at: .milliseconds(200))
    }

    private mutating func receive(_ peer: String, took: Int, lanes: [Int], at time: Int) {
        clock.received(500, from: peer)
        clock.enter(.reduce, at: .milliseconds(time))
        let timing = WorkTiming(
            began: .zero, took: .milliseconds(took),
            lanes: lanes.map { .init(start: .zero, time: .milliseconds($0)) })
        clock.answer(peer, timing, isLast: true, at: .milliseconds(time))
    }

    @Test("its phases add up to the interval")
    mutating func phases() throws {
        makeStep()
        let measured = measure(until: 1000)
        let report = try #require(measured)
        let phases = report.phases
        #expect(isNear(phases.send, 0.001))
        #expect(isNear(phases.first, 0.029))
        #expect(isNear(phases.wait, 0.048))
        #expect(isNear(phases.reduce, 0.004))
        #expect(isNear(phases.update, 0.008))
        #expect(isNear(phases.record, 0.010))
        #expect(isNear(phases.other, 0.900))
        #expect(report.interval == 1)
        #expect((report.steps, report.examples) == (1, 10))
        #expect((report.loss, report.accuracy) == (2, 0.5))
        #expect(report.learningRate == 0.5)
    }

    @Test("it measures each worker's answers, lanes, lateness and bytes")
    mutating func workers() throws {
        makeStep()
        let measured = measure(until: 1000)
        let report = try #require(measured)
        let (first, second) = (report.workers[0], report.workers[1])
        #expect((first.worker, second.worker) == ("node1:1", "node2:2"))
        #expect((first.steps, second.steps) == (1, 1))
        #expect((first.shards, second.shards) == (8, 8))
        #expect(isNear(first.answer, 0.030) && isNear(second.answer, 0.080))
        #expect(isNear(first.busy, 0.025) && isNear(second.busy, 0.070))
        #expect(first.lanes.count == 2 && isNear(first.lanes[0], 0.020))
        #expect(first.lateness == 0)
        // From a's answer to b's own.
        #expect(isNear(second.lateness, 0.050))
        #expect((first.bytesSent, first.bytesReceived) == (1000, 500))
        #expect(report.traffic.bytesSent == 2000 && report.traffic.messagesReceived == 2)
        #expect(report.bound == "straggler node2:2")
    }

    @Test("workers time every logged step, and one in 10 ms of the others")
    mutating func samples() {
        var timed: [Int] = []
        for step in 1...30 {
            clock.begin(step: step, isLogged: step == 12, at: .milliseconds(step))
            if clock.isTimed { timed.append(step) }
            clock.updated(Tally(), learningRate: 0, at: .milliseconds(step))
        }
        #expect(timed == [1, 11, 12, 22])
    }

    @Test("a worker's work is averaged over the steps that it timed")
    mutating func untimed() throws {
        makeStep()
        clock.begin(step: 2, at: .milliseconds(200))
        clock.ask("a", slots: 8, bytes: 0)
        clock.answer("a", nil, isLast: true, at: .milliseconds(250))
        let measured = measure(until: 1000)
        let worker = try #require(measured).workers[0]
        #expect(worker.steps == 2)
        #expect(isNear(worker.answer, 0.040))
        #expect(isNear(worker.busy, 0.025) && isNear(worker.lanes[0], 0.020))
    }

    @Test("an interval without steps gives no report, and one begins where the last ended")
    mutating func intervals() throws {
        let before = measure(until: 50)
        #expect(before == nil)
        makeStep()
        let first = measure(until: 300)
        #expect(first?.interval == 0.25)
        let between = measure(until: 1300)
        #expect(between == nil)
        clock.begin(step: 1, at: .milliseconds(1400))
        clock.rest(at: .milliseconds(1400))
        let measured = measure(until: 2300)
        let waiting = try #require(measured)
        #expect((waiting.steps, waiting.loss, waiting.bound) == (0, nil, nil))
        #expect(isNear(waiting.phases.first, 0.9))
    }

    @Test("a worker that never answers counts as late while nobody else has open requests")
    mutating func silent() throws {
        clock.begin(step: 1, at: .zero)
        for peer in ["a", "b"] { clock.ask(peer, slots: 8, bytes: 0) }
        clock.rest(at: .zero)
        receive("a", took: 1, lanes: [1], at: 100)
        clock.rest(at: .milliseconds(100))
        let alone = measure(until: 600)
        #expect(isNear(try #require(alone).workers[1].lateness, 0.5))
        // Now another worker computes its slots, and the step is made without it.
        clock.enter(.send, at: .milliseconds(700))
        clock.ask("a", slots: 8, bytes: 0)
        receive("a", took: 1, lanes: [1], at: 750)
        clock.beginUpdate(at: .milliseconds(750))
        let helped = measure(until: 800)
        #expect(isNear(try #require(helped).workers[1].lateness, 0.1))
    }

    @Test("a worker that has left is reported once more, if it has answered")
    mutating func left() throws {
        makeStep()
        let last = clock.report(
            at: .milliseconds(300), members: ["b"], seconds: 1, epoch: 1, step: 1)
        #expect(last?.workers.map(\.worker) == ["node1:1", "node2:2"])
        clock.begin(step: 2, at: .milliseconds(300))
        clock.ask("a", slots: 8, bytes: 0)
        let next = clock.report(
            at: .milliseconds(400), members: ["b"], seconds: 1, epoch: 1, step: 1)
        #expect(next?.workers.map(\.worker) == ["node2:2"])
    }

    @Test("of many workers it reports 32 in rotation and the slowest, and forgets those that left")
    mutating func many() throws {
        let members = (0..<40).map { "\($0)" }
        clock = StepClock(now: .zero)
        for member in members { clock.join(member, name: "node:\(member)") }
        func told(by clock: inout StepClock<String>, _ start: Int) -> [String] {
            clock.begin(step: 1, at: .milliseconds(start))
            for member in members { clock.ask(member, slots: 1, bytes: 0) }
            for member in members {
                let time = member == "39" ? 90 : 10
                clock.answer(member, nil, isLast: true, at: .milliseconds(start + time))
            }
            let report = clock.report(
                at: .milliseconds(start + 100), members: Set(members), seconds: 0, epoch: 1, step: 1
            )
            return report?.workers.map(\.worker) ?? []
        }
        let first = told(by: &clock, 0)
        #expect(first == (0..<32).map { "node:\($0)" } + ["node:39"])
        let second = told(by: &clock, 100)
        #expect(second == (32..<64).map { "node:\($0 % 40)" })
    }

    private func isNear(_ value: Double, _ expected: Double) -> Bool {
        abs(value - expected) < 1e-9
    }
}

@Suite("A worker's clock is mapped to the coordinator's") struct ClockOffsetTests {
    @Test("by the fastest of the last eight pings")
    func best() {
        var offset = ClockOffset()
        #expect(offset.best == nil)
        func ping(_ sent: Int, took: Int, clock: Int) {
            offset.ping(at: .milliseconds(sent))
            offset.answer(clock: .milliseconds(clock), at: .milliseconds(sent + took))
        }
        ping(1000, took: 100, clock: 5090)
        #expect(offset.best == .milliseconds(4040))
        ping(2000, took: 2, clock: 6003)
        ping(3000, took: 50, clock: 7040)
        #expect(offset.best == .milliseconds(4002))
        for index in 0..<8 { ping(4000 + 1000 * index, took: 10, clock: 8015 + 1000 * index) }
        #expect(offset.best == .milliseconds(4010))
    }

    @Test("ignoring an answer without a ping, and the second of two answers")
    func unasked() {
        var offset = ClockOffset()
        offset.answer(clock: .seconds(1), at: .seconds(1))
        #expect(offset.best == nil)
        offset.ping(at: .seconds(1))
        offset.ping(at: .seconds(2))
        offset.answer(clock: .seconds(7), at: .seconds(3))
        offset.answer(clock: .seconds(9), at: .seconds(3))
        #expect(offset.best == .seconds(5))
    }
}
