import DataParallel
import Protocol
import RunEvents
import Testing

@Suite("Slots are reassigned as workers join and leave") struct MembershipTests {
    private let coordinator = CoordinatorUnderTest(workersToBegin: 2)

    private func begin() {
        coordinator.join("a", "b")
        #expect(coordinator.owed("a") == Array(0..<4))
        #expect(coordinator.owed("b") == Array(4..<8))
    }

    @Test("the unfinished slots of a worker that left are requested from the others at once")
    func gone() {
        begin()
        coordinator.lose("b")
        #expect(coordinator.owed("a") == Array(0..<8))
        coordinator.makeStep()
        #expect(coordinator.steps == 1)
        #expect(coordinator.owed("a") == Array(0..<8))
    }

    @Test("what it had answered already is not requested again")
    func answeredInPart() {
        begin()
        coordinator.lose("a")
        #expect(coordinator.owed("b") == Array(0..<8))
        coordinator.join("c")
        coordinator.send(
            .partialSum(
                PartialSumHeader(
                    step: 0, level: 1, residue: 1, examples: 8, correct: 0, loss: 1, checksum: 0)),
            from: "b")
        coordinator.lose("b")
        #expect(coordinator.owed("c") == Array(0..<4))
    }

    @Test("a worker that joins fetches its data first, and gets its share in the next step")
    func joiner() {
        begin()
        coordinator.isFetching = true
        coordinator.join("c")
        #expect(coordinator.isSent(.assign(SlotRanges(6..<8)), to: "c"))
        coordinator.makeStep()
        #expect(coordinator.owed("c") == [])
        coordinator.finishFetching()
        #expect(coordinator.owed("c") == [], "a step is under way")
        coordinator.makeStep()
        #expect(coordinator.owed("a") == [0, 1, 2])
        #expect(coordinator.owed("b") == [3, 4, 5])
        #expect(coordinator.owed("c") == [6, 7])
        coordinator.makeStep()
        #expect(coordinator.steps == 3)
    }

    @Test("a share that went to a new worker comes back when that worker leaves")
    func back() {
        begin()
        coordinator.join("c")
        coordinator.makeStep()
        #expect(coordinator.owed("c") == [6, 7])
        coordinator.lose("c")
        #expect(coordinator.owed("a") == [0, 1, 2])
        #expect(coordinator.owed("b") == [3, 4, 5, 6, 7], "b holds its data")
        coordinator.makeStep()
        #expect(coordinator.owed("a") == [0, 1, 2, 3])
        #expect(coordinator.owed("b") == [4, 5, 6, 7])
    }

    @Test("workers beyond the number of slots stand by, and replace one that leaves")
    func spares() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 10)
        for number in 0..<10 { coordinator.join("w\(number)") }
        #expect(coordinator.owed("w7") == [7])
        #expect(coordinator.owed("w8") == [])
        #expect(coordinator.events.contains(.assigned(worker: "w8:9", shards: [])))
        coordinator.lose("w7")
        #expect(coordinator.owed("w8") + coordinator.owed("w9") == [7])
        coordinator.makeStep()
        #expect(coordinator.steps == 1)
        #expect(coordinator.owed("w8") == [7])
    }

    @Test("the log names the late slots, for how long they are late, and who computes them now")
    func told() {
        begin()
        coordinator.pass(milliseconds: 50)
        coordinator.lose("b")
        #expect(
            coordinator.events.last
                == .left(
                    worker: "b:2", reason: "its connection is closed", members: 1,
                    owed: OwedWork(
                        step: 1, shards: [1, 5, 3, 7], seconds: 0.05, helpers: ["a:1"])))
        coordinator.pass(milliseconds: 5000)
        coordinator.lose("a")
        guard
            case .left(_, "it has been silent for 5.1 s", 0, _) = coordinator.events.dropLast().last
        else {
            Issue.record("\(coordinator.events.suffix(2))")
            return
        }
    }
}

@Suite("Too few workers") struct PauseTests {
    @Test("pause the training: the current step ends, and it continues with enough workers")
    func pause() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, minimumWorkers: 2)
        coordinator.join("a", "b", "c")
        coordinator.lose("c")
        coordinator.makeStep()
        #expect(coordinator.steps == 1, "two go on where three had to begin")
        coordinator.answer("a")
        coordinator.lose("a")
        #expect(coordinator.events.last == .paused(members: 1, needed: 2, step: 1))
        coordinator.answer("b")
        #expect(coordinator.steps == 2)
        #expect(coordinator.owed("b") == [], "no new step")
        coordinator.pass(milliseconds: 10_000)
        #expect(coordinator.events.last == .waiting(members: 1, needed: 2, seconds: 10))
        coordinator.isFetching = true
        coordinator.join("d")
        #expect(coordinator.owed("b") == [])
        coordinator.finishFetching()
        #expect(coordinator.events.contains(.training(workers: 2, fromStep: 2)))
        coordinator.makeStep()
        #expect(coordinator.steps == 3)
    }

    @Test("do not compute the slots of workers that left, until there are enough")
    func orphans() {
        let coordinator = CoordinatorUnderTest(minimumWorkers: 2)
        coordinator.join("a", "b")
        coordinator.lose("a")
        coordinator.answer("b")
        #expect(coordinator.owed("b") == [])
        coordinator.join("c")
        #expect(coordinator.owed("c") == Array(0..<4), "\(coordinator.events)")
        #expect(coordinator.owed("b") == [])
        coordinator.makeStep()
        #expect(coordinator.steps == 1)
    }

    @Test("end the run after the timeout, with a checkpoint")
    func timeout() {
        let coordinator = CoordinatorUnderTest(minimumWorkers: 2, pauseTimeout: .seconds(7))
        coordinator.join("a", "b")
        coordinator.lose("a")
        coordinator.lose("b")
        coordinator.pass(milliseconds: 6_900)
        #expect(!coordinator.last.contains(.checkpoint))
        coordinator.pass(milliseconds: 200)
        #expect(coordinator.last == [.checkpoint])
        coordinator.checkpointWritten()
        #expect(coordinator.last.last == .finish(.pausedTooLong(members: 0, needed: 2)))
    }

    @Test("do not delay a stop: a step that nobody will finish is abandoned")
    func interrupted() {
        let coordinator = CoordinatorUnderTest(minimumWorkers: 2)
        coordinator.join("a", "b")
        coordinator.interrupt()
        #expect(coordinator.last == [], "the step is finished first")
        coordinator.lose("a")
        #expect(coordinator.last.contains(.checkpoint))
        #expect(coordinator.last.contains(.send(.stop(Notice(reason: "the run ends")), to: "b")))
    }
}

@Suite("One checkpoint is written at a time") struct CheckpointTests {
    private func count(_ coordinator: CoordinatorUnderTest) -> Int {
        coordinator.last.count { $0 == .checkpoint }
    }

    @Test("and only then the next step is committed")
    func hold() {
        let coordinator = CoordinatorUnderTest(checkpointEvery: 2)
        coordinator.join("a")
        coordinator.makeStep()
        coordinator.makeStep()
        #expect(count(coordinator) == 1)
        coordinator.makeStep()
        #expect(coordinator.steps == 2)
        coordinator.checkpointWritten()
        #expect(coordinator.steps == 3)
        coordinator.makeStep()
        #expect(count(coordinator) == 1, "due at the epoch's end")
    }

    @Test("while the weights at an epoch's end are tested")
    func epochEnd() {
        let coordinator = CoordinatorUnderTest(checkpointEvery: 3)
        coordinator.join("a")
        for step in 1...4 {
            coordinator.makeStep()
            #expect(count(coordinator) == (step < 3 ? 0 : 1))
            if step == 3 { coordinator.checkpointWritten() }
        }
        #expect(
            coordinator.last.filter { $0 == .checkpoint || $0 == .evaluate } == [
                .checkpoint, .evaluate,
            ])
        #expect(coordinator.owed("a") == Array(0..<8))
    }

    @Test("and a stop's checkpoint comes after it")
    func stop() {
        let coordinator = CoordinatorUnderTest(checkpointEvery: 1)
        coordinator.join("a")
        coordinator.makeStep()
        coordinator.interrupt()
        coordinator.makeStep()
        #expect(coordinator.steps == 1)
        coordinator.checkpointWritten()
        #expect(coordinator.steps == 2)
        #expect(count(coordinator) == 1)
    }

    @Test("and none while the record has no room; then its step is made")
    func fullRecord() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("a")
        coordinator.isRecordFull = true
        coordinator.makeStep()
        #expect(coordinator.steps == 0)
        coordinator.requestCheckpoint()
        coordinator.isRecordFull = false
        #expect(coordinator.steps == 0, "step 0 has nothing to keep, but is being written")
        coordinator.checkpointWritten()
        #expect(coordinator.steps == 1)
    }
}
