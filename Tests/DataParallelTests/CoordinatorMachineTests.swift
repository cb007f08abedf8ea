import DataParallel
import Protocol
import Randomness
import Testing
import Training

@Suite("The coordinator's decisions") struct CoordinatorMachineTests {
    private let plan = BatchPlan(examples: 53, batchSize: 10, shards: 8)

    /// What each step of an epoch takes.
    private var stepSizes: [Int] {
        (0..<plan.stepsPerEpoch).map { plan.positions(ofStep: $0).count }
    }

    @Test("every step counts every example once, for any number of workers", arguments: 1...9)
    func completeSteps(workers: Int) {
        var network = MachineNetwork(plan: plan, epochs: 2, minimumWorkers: workers)
        for _ in 0..<workers { network.join() }
        network.run()
        #expect(network.outcome == .completed)
        #expect(network.examplesOfStep == stepSizes + stepSizes)
    }

    @Test("nothing begins before enough workers are here")
    func gathering() {
        var network = MachineNetwork(plan: plan, epochs: 1, minimumWorkers: 2)
        network.join()
        network.run()
        #expect(network.outcome == nil)
        #expect(network.examplesOfStep.isEmpty)
        network.join()
        network.run()
        #expect(network.outcome == .completed)
    }

    @Test("whoever is killed, and whoever joins, every step is complete", arguments: 0..<300)
    func disturbedRuns(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "faults")
        var network = MachineNetwork(plan: plan, epochs: 3, seed: UInt64(seed))
        network.join()
        while network.outcome == nil {
            let isStuck = !network.advance()
            switch random.below(60) {
            case 0 where network.workers.count > 0:
                let peers = network.workers.keys.sorted()
                network.kill(peers[random.below(peers.count)])
            case 1 where network.workers.count < 5: network.join()
            default: if isStuck { network.join() }
            }
        }
        #expect(network.outcome == .completed)
        #expect(network.examplesOfStep == stepSizes + stepSizes + stepSizes)
    }

    @Test("a worker that joins in mid-run counts from a later step and takes its share")
    func lateJoiner() {
        var network = MachineNetwork(plan: plan, epochs: 50)
        network.join()
        network.run(limit: 200)
        let late = network.join()
        network.run(limit: 400)
        #expect(network.workers[late]?.computed != nil)
        network.run()
        #expect(network.outcome == .completed)
    }

    @Test("a signal finishes the step under way, then a checkpoint, then the end")
    func interruption() {
        var network = MachineNetwork(plan: plan, epochs: 50)
        network.join()
        network.run(limit: 200)
        let steps = network.examplesOfStep.count
        network.interrupt()
        network.run()
        #expect(network.outcome == .interrupted(signal: 2))
        #expect(network.examplesOfStep.count == steps + 1)
        #expect(network.checkpoints == 1 + steps / plan.stepsPerEpoch)
    }

    @Test("a signal while nobody is here ends the run at once, with a checkpoint")
    func interruptionWithoutWorkers() {
        var network = MachineNetwork(plan: plan, epochs: 1)
        network.interrupt()
        #expect(network.outcome == .interrupted(signal: 2))
        #expect(network.checkpoints == 1)
    }

    @Test("checkpoints are due every so many steps and at each epoch's end")
    func checkpoints() {
        var network = MachineNetwork(plan: plan, epochs: 2, checkpointEvery: 2)
        network.join()
        network.run()
        // Steps 2, 4, 6 (the end) and 8, 10, 12 (the end).
        #expect(network.checkpoints == 6)
    }

    @Test("a run resumed at an epoch's end tests the weights before it goes on")
    func resumedAtEpochEnd() {
        var network = MachineNetwork(plan: plan, epochs: 2, fromStep: plan.stepsPerEpoch)
        network.join()
        network.run()
        #expect(network.outcome == .completed)
        #expect(network.examplesOfStep == stepSizes)
    }

    @Test("a finished run that is resumed makes no step")
    func resumedAtTheEnd() {
        var network = MachineNetwork(plan: plan, epochs: 1, fromStep: plan.stepsPerEpoch)
        network.run()
        #expect(network.outcome == .completed)
        #expect(network.examplesOfStep.isEmpty)
    }

    @Test("when all have left, it says so every five seconds until somebody joins")
    func waiting() {
        var network = MachineNetwork(plan: plan, epochs: 1)
        let peer = network.join()
        network.run(limit: 40)
        network.kill(peer)
        network.tick(after: .seconds(4))
        network.tick(after: .seconds(1))
        network.tick(after: .seconds(5))
        #expect(
            network.events.suffix(2) == [
                .waiting(members: 0, needed: 1, seconds: 5),
                .waiting(members: 0, needed: 1, seconds: 10),
            ])
        network.join()
        network.run()
        #expect(network.outcome == .completed)
        #expect(network.examplesOfStep == stepSizes)
    }
}
