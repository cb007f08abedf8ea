import Reduction
import RunEvents

/// One event of each kind, with names and reasons from an attacker.
package func sampleEvents(saying text: String = "x") -> [RunEvent] {
    let owed = OwedWork(step: 7, shards: [2, 5], seconds: 0.25, helpers: [text])
    let tally = Tally(examples: 128, correct: 112, loss: 55.3088)
    let name = "pool/\(text):4711"
    let worker = WorkerDescription(
        name: name, address: text, lanes: 2, kernels: text)
    return [
        .joined(worker, members: 2), .assigned(worker: name, shards: [0, 3]),
        .lanesIdle(lanes: 24, shards: 16, recommended: 128),
        .left(worker: name, reason: text, members: 1, owed: owed),
        .late(worker: name, state: text, owed, times: 1),
        .standingBy(worker: name, seconds: 0.0974, usual: 0.0023), .backFromStandby(worker: name),
        .refused(peer: text, reason: text), .allowListChanged(workers: 3, removed: [text]),
        .allowListUnusable(text), .dropped(peer: text, reason: text, total: 1),
        .flooded(messages: 12_345), .wrong(worker: name, step: 7, shards: [2], times: 2),
        .confirmedByWorkers(worker: name, step: 7), .rewinding(step: 3), .rewound(step: 2),
        .paused(members: 1, needed: 2, step: 9), .waiting(members: 1, needed: 2, seconds: 30),
        .beginningWithout(workers: [text], seconds: 30.5), .training(workers: 2, fromStep: 4),
        .step(
            StepReport(
                epoch: 1, epochs: 2, stepInEpoch: 3, stepsPerEpoch: 4, step: 3, tally: tally,
                learningRate: 0.003, seconds: 1.5, positions: 256..<384, weights: .none)),
        .epoch(
            EpochReport(
                epoch: 1, epochs: 2, step: 4, train: tally, test: tally, seconds: 2,
                examplesPerSecond: 50_000)),
        .checkpoint(path: text, step: 4, isRequested: false),
        .checkpointRequested(signal: "SIGUSR1", step: 4, isKept: true),
        .stopping(signal: "SIGTERM"),
    ]
}
