import TestSupport
import Testing
import Watching

@Suite("The timing of a run")
struct TimingWatchTests {
    private let folder: TemporaryFolder
    private let watch: RunWatch

    init() throws {
        folder = try TemporaryFolder()
        watch = try RunWatch(folder.path)
    }

    private let lines = SimulatedRun(workers: 2, steps: 1280).timing

    private func line(_ numbers: Range<Int>) -> String {
        lines[numbers].map { "\($0)\n" }.joined()
    }

    @Test("is summed over new lines, and started over when the file is replaced")
    func totals() throws {
        try folder.append(
            SimulatedRun(workers: 2, steps: 0, isOver: false).events.map { "\($0)\n" }.joined(),
            to: "events.jsonl")
        try folder.append(line(0..<3), to: "timing.jsonl")
        var view = watch.poll()
        #expect(view.totals.steps == 384)
        #expect(view.totals.seconds == 3)
        #expect(view.totals.traffic.messagesReceived == 120)
        #expect(view.timing?.step == 384)
        #expect(view.lastStepTime == SimulatedRun.start + 4)
        #expect(view.history.workers.map(\.bytesSent) == [3000, 3000])
        #expect(view.history.workers.map(\.audits) == [3, 3])
        #expect(view.history.workers.allSatisfy { $0.laneTimes == [0.001, 0.0005, 0.0005] })

        try folder.append(line(3..<4), to: "timing.jsonl")
        view = watch.poll()
        #expect(view.totals.steps == 512)
        #expect(view.history.workers.map(\.bytesSent) == [4000, 4000])

        try folder.write(line(0..<2), to: "timing.jsonl")
        view = watch.poll()
        #expect(view.totals.steps == 256)
        #expect(view.bands.points.count == 2)
        #expect(view.timing?.step == 256)
        #expect(view.history.workers.map(\.bytesSent) == [2000, 2000])
    }

    @Test("with numbers at their limits overflows no sum")
    func limits() throws {
        let most = 1 << 52
        let text = """
            {"interval":1000000000,"time":1,"steps":\(most),"examples":\(most),"seconds":1000000000,\
            "durations":[\(most),\(most)],"phases":{"first":1000000000},\
            "traffic":{"bytes_sent":\(most),"messages_sent":\(most)}}\n
            """
        try folder.append(String(repeating: text, count: 2050), to: "timing.jsonl")
        let totals = watch.poll().totals
        #expect(totals.steps == .max)
        #expect(totals.examples == .max)
        #expect(totals.traffic.bytesSent == .max)
        #expect(totals.durations.counts[0] == .max)
        #expect(totals.phases.first == 2050e9)
    }

    @Test("skips and counts damaged lines, and truncates long lists of lanes or durations")
    func damaged() throws {
        let lanes = String(repeating: "0,", count: 10_000) + "0"
        try folder.append(
            """
            {}
            {"interval":0}
            {"interval":-1}
            {"interval":1,"steps":-1}
            {"interval":1,"phases":{"first":-1}}
            {"interval":1,"steps":1,"durations":[\(lanes)],"workers":[{"worker":"a:1","lanes":[\(lanes)]}]}\n
            """, to: "timing.jsonl")
        let view = watch.poll()
        #expect(view.skippedLines == 5)
        #expect(view.totals.steps == 1)
        #expect(view.timing?.workers.first?.lanes.count == 64)
    }
}
