import DataParallel
import Protocol
import Reduction
import Testing

// Tests/SimulationTests has whole runs with all kinds of faults.

@Suite("The coordinator's decisions") struct CoordinatorMachineTests {
    @Test("nothing begins before enough workers have joined")
    func gathering() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2)
        coordinator.join("a")
        #expect(coordinator.owed("a") == [])
        coordinator.join("b")
        #expect(coordinator.owed("a") + coordinator.owed("b") == Array(0..<8))
    }

    @Test("a signal finishes the current step, then writes a checkpoint, then ends the run")
    func interruption() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        coordinator.makeStep()
        coordinator.interrupt()
        #expect(coordinator.last == [])
        coordinator.makeStep()
        #expect(
            coordinator.last.suffix(2) == [
                .checkpoint, .send(.stop(Notice(reason: "the run ends")), to: "a"),
            ])
        coordinator.lose("a")
        coordinator.checkpointWritten()
        #expect(coordinator.last.last == .finish(.interrupted(signal: 2)))
        #expect(coordinator.steps == 2)
    }

    @Test(
        "with a successor, a signal does not stop the workers, but the end of the run does"
    )
    func successor() {
        let stopped = CoordinatorUnderTest(hasSuccessor: true)
        stopped.join("a")
        stopped.makeStep()
        stopped.interrupt()
        stopped.makeStep()
        #expect(stopped.last.last == .checkpoint)
        stopped.checkpointWritten()
        #expect(stopped.last.last == .finish(.interrupted(signal: 2)))

        let diverged = CoordinatorUnderTest(hasSuccessor: true)
        diverged.join("a")
        diverged.fail(.diverged(step: 1))
        #expect(diverged.last == [.send(.stop(Notice(reason: "the run ends")), to: "a")])
    }

    @Test("a signal without any worker ends the run at once, with a checkpoint")
    func interruptionWithoutWorkers() {
        let coordinator = CoordinatorUnderTest()
        coordinator.interrupt()
        #expect(coordinator.last == [.checkpoint])
        coordinator.checkpointWritten()
        #expect(coordinator.last.last == .finish(.interrupted(signal: 2)))
    }

    @Test("a signal requests a checkpoint: a new one, one being written, or one that exists")
    func requestedCheckpoint() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        coordinator.makeStep()
        func notice(isKept: Bool) -> CoordinatorUnderTest.Effect {
            .report(
                .checkpointRequested(signal: "SIGUSR1", step: coordinator.steps, isKept: isKept))
        }
        coordinator.requestCheckpoint()
        #expect(coordinator.last == [notice(isKept: false), .checkpoint])
        coordinator.requestCheckpoint()
        #expect(coordinator.last == [notice(isKept: false)])
        #expect(coordinator.machine.isRequestFulfilled)
        coordinator.checkpointWritten()
        coordinator.requestCheckpoint()
        #expect(coordinator.last == [notice(isKept: true)])
        #expect(coordinator.owed("a") == Array(0..<8), "training goes on")
    }

    @Test("local workers that end first, by the same signal, do not make the run fail")
    func interruptedWorkers() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        coordinator.makeStep()
        coordinator.interrupt()
        #expect(coordinator.localWorkersEnded().first == .checkpoint)
        coordinator.lose("a")
        coordinator.checkpointWritten()
        #expect(coordinator.last.last == .finish(.interrupted(signal: 2)))
    }

    @Test("checkpoints are due every few steps and at each epoch's end")
    func checkpoints() {
        let coordinator = CoordinatorUnderTest(checkpointEvery: 3)
        coordinator.join("a")
        let kept = (1...9).filter { _ in
            coordinator.makeStep()
            let isKept = coordinator.last.contains(.checkpoint)
            if isKept { coordinator.checkpointWritten() }
            return isKept
        }
        #expect(kept == [3, 4, 6, 8, 9])
    }

    @Test("a checkpoint that exists is not written again: it would lack the ended epoch's tally")
    func keptAlready() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        for _ in 0..<coordinator.plan.stepsPerEpoch { coordinator.makeStep() }
        #expect(coordinator.last.contains(.checkpoint))
        coordinator.checkpointWritten()
        coordinator.lose("a")
        coordinator.interrupt()
        #expect(coordinator.last == [.finish(.interrupted(signal: 2))])

        var resumed = machine(step: 4, epochs: 2)
        _ = resumed.start(now: .zero)
        _ = resumed.evaluated(now: .zero)
        let effects = resumed.interrupt(2, now: .zero)
        #expect(effects == [.finish(.interrupted(signal: 2))])
    }

    @Test("a run resumed at an epoch's end tests the weights before it continues")
    func resumedAtEpochEnd() {
        var machine = machine(step: 4, epochs: 2)
        let start = machine.start(now: .zero)
        #expect(start == [.evaluate])
        let effects = machine.evaluated(now: .zero)
        #expect(effects == [])
    }

    @Test("a finished run that is resumed makes no step")
    func resumedAtTheEnd() {
        var machine = machine(step: 8, epochs: 2)
        let start = machine.start(now: .zero)
        #expect(start == [.evaluate])
        let effects = machine.evaluated(now: .zero)
        #expect(effects == [.finish(.completed)])
    }

    @Test("when all have left, it logs so every five seconds until a worker joins")
    func waiting() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        coordinator.lose("a")
        coordinator.pass(milliseconds: 10_000)
        #expect(
            coordinator.events.suffix(2) == [
                .waiting(members: 0, needed: 1, seconds: 5),
                .waiting(members: 0, needed: 1, seconds: 10),
            ])
        coordinator.join("b")
        #expect(coordinator.owed("b") == Array(0..<8))
    }

    private func machine(step: Int, epochs: Int) -> CoordinatorMachine<String> {
        let plan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
        let settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: epochs, minimumWorkers: 1, checkpointEvery: 0, joinTimeout: nil)
        return CoordinatorMachine(plan: plan, settings: settings, step: step)
    }
}
