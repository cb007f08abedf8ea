import RunEvents
import Testing

@Suite("A run's bottleneck") struct BottleneckTests {
    /// One second with ten steps, which waited 0.6 s for the workers' sums.
    private func report(_ workers: TimingReport.WorkerTiming...) -> TimingReport {
        var report = TimingReport(interval: 1, seconds: 1, epoch: 1, step: 10)
        report.steps = 10
        (report.phases.first, report.phases.wait) = (0.5, 0.1)
        (report.phases.update, report.phases.other) = (0.2, 0.2)
        report.workers = workers
        return report
    }

    private func worker(
        _ name: String, answer: Double = 0.06, busy: Double = 0.05, lanes: Int = 1,
        shards: Double = 8, lateness: Double = 0
    ) -> TimingReport.WorkerTiming {
        var worker = TimingReport.WorkerTiming(worker: name)
        (worker.steps, worker.answer, worker.busy) = (10, answer, busy)
        (worker.shards, worker.lateness) = (shards, lateness)
        worker.lanes = [Double](repeating: busy, count: lanes)
        return worker
    }

    @Test("is the lanes if workers compute evenly")
    func lanes() {
        #expect(Bottleneck(report(worker("a"), worker("b"))) == .lanes)
        #expect("\(Bottleneck.lanes)" == "lanes")
    }

    @Test("is unknown without steps or workers")
    func nothing() {
        var none = report(worker("a"))
        none.steps = 0
        #expect(Bottleneck(none) == nil)
        #expect(Bottleneck(report()) == nil)
    }

    @Test("is the coordinator if it takes more than half of the steps' time")
    func coordinator() {
        var report = report(worker("a"))
        report.phases.update = 0.6
        #expect(Bottleneck(report) == .lanes)
        report.phases.record = 0.01
        #expect(Bottleneck(report) == .coordinator)
        // The time between steps does not count.
        report.phases.record = 0
        report.phases.other = 5
        #expect(Bottleneck(report) == .lanes)
    }

    @Test("is the network if it takes more than half of the slowest answers' time")
    func network() {
        #expect(Bottleneck(report(worker("a", busy: 0.03), worker("b", busy: 0.02))) == .lanes)
        #expect(Bottleneck(report(worker("a"), worker("b", answer: 0.07, busy: 0.03))) == .network)
        #expect(Bottleneck(report(worker("a", answer: 0.01, busy: 0), worker("b"))) == .lanes)
    }

    @Test("is a straggler if it takes more than three tenths of the steps' time")
    func straggler() {
        #expect(Bottleneck(report(worker("a"), worker("b", lateness: 0.023))) == .lanes)
        let late = Bottleneck(report(worker("a"), worker("b", lateness: 0.025)))
        #expect(late == .straggler("b"))
        #expect(late?.description == "straggler b")
        // A worker that is late because of the network is not a straggler.
        let far = worker("b", answer: 0.09, busy: 0.03, lateness: 0.04)
        #expect(Bottleneck(report(worker("a"), far)) == .network)
    }

    @Test("is a straggler that has not answered at all")
    func silentStraggler() {
        var silent = TimingReport.WorkerTiming(worker: "b")
        silent.lateness = 0.5
        #expect(Bottleneck(report(worker("a"), silent)) == .straggler("b"))
    }

    @Test("is too few shards if some lanes have none, or some have two and others one")
    func tooFewShards() {
        let idle = report(worker("a", lanes: 16, shards: 8), worker("b", lanes: 16, shards: 8))
        #expect(Bottleneck(idle) == .tooFewShards)
        let uneven = report(
            worker("a", shards: 2), worker("b", shards: 1), worker("c", shards: 1))
        #expect(Bottleneck(uneven) == .tooFewShards)
        #expect(Bottleneck(report(worker("a", lanes: 4), worker("b", lanes: 4))) == .lanes)
        // Slots that were fitted to the workers' speeds are not uneven for lack of shards.
        #expect(Bottleneck(report(worker("a", shards: 12), worker("b", shards: 4))) == .lanes)
    }
}
