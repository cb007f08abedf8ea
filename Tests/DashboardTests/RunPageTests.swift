import Dashboard
import Foundation
import TestSupport
import Testing
import Watching

@Suite("A run's page")
final class RunPageTests {
    private let path = NSTemporaryDirectory() + "tern-page-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func view(steps: Int, _ state: RunState) throws -> RunView {
        let path = "\(path)/\(steps)"
        try SimulatedRun(workers: 2, steps: steps, isOver: false).write(to: path)
        var view = try RunWatch(path).poll(now: SimulatedRun.start + 60)
        view.state = state
        return view
    }

    @Test("draws its charts and tables in turns while the run goes on")
    func turns() throws {
        let (early, late) = (try view(steps: 500, .training), try view(steps: 900, .training))
        let (old, new) = (RunPage(early).parts, RunPage(late).parts)
        let names = ["curves", "time", "workers"]
        for name in names { #expect(old[name] != new[name], "\(name)") }
        let first = RunPage(early).drawn(after: nil)
        #expect(first.parts == old)
        let second = RunPage(late).drawn(after: first)
        let third = RunPage(late).drawn(after: second)
        #expect(second.parts["state"] == new["state"])
        #expect(names.contains { second.parts[$0] == old[$0] })
        #expect(names.contains { second.parts[$0] == new[$0] })
        #expect(third.parts == new)
    }

    @Test(
        "shows everything at once when the run's state changes",
        arguments: [RunState.completed, .paused, .dead])
    func stateChange(_ state: RunState) throws {
        let (early, late) = (try view(steps: 500, .training), try view(steps: 900, state))
        for turns in 1...2 {
            let earlier = (1..<turns).reduce(RunPage(early).drawn(after: nil)) { page, _ in
                RunPage(early).drawn(after: page)
            }
            #expect(RunPage(late).drawn(after: earlier).parts == RunPage(late).parts)
        }
    }
}
