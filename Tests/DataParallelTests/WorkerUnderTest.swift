import DataParallel
import Protocol

/// A worker's machine that `#expect` can call: a class, because `#expect` cannot call mutating functions.
final class WorkerUnderTest {
    static let run = RunID(7)
    static let hello = Hello(host: "a", pid: 1, lanes: 1, kernels: "test")

    private var machine = WorkerMachine(
        hello: hello, settings: WorkerSettings(joinTimeout: .seconds(20)))

    init() { machine.start(now: .zero) }

    func connected(at seconds: Int = 0) -> [WorkerEffect] {
        machine.connected(now: .seconds(seconds))
    }

    func turnedAway(at seconds: Int) -> [WorkerEffect] {
        machine.turnedAway(now: .seconds(seconds))
    }

    func unresolved(_ reason: String, at seconds: Int) -> [WorkerEffect] {
        machine.unresolved(reason, now: .seconds(seconds))
    }

    func dialling() { machine.dialling() }

    func disconnected(at seconds: Int) -> [WorkerEffect] {
        machine.disconnected(now: .seconds(seconds))
    }

    func tick(at seconds: Int) -> [WorkerEffect] { machine.tick(now: .seconds(seconds)) }

    func receive(
        _ message: CoordinatorMessage, run: RunID = run, at seconds: Int = 0
    ) -> [WorkerEffect] {
        machine.receive(message, run: run, now: .seconds(seconds))
    }

    func computed(step: Int, at seconds: Int = 0) -> [WorkerEffect] {
        machine.computed(step: step, now: .seconds(seconds))
    }

    func interrupt(at seconds: Int = 0) -> [WorkerEffect] {
        machine.interrupt(15, now: .seconds(seconds))
    }
}
