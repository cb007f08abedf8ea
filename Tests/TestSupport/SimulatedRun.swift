import Files
import RunEvents
import Settings

/// The folder of an imaginary run: the files that a monitor reads, as a coordinator would write them.
///
/// The lines are assembled as text, because encoders are slow for many lines. The same seed gives the same files.
package struct SimulatedRun {
    /// The number of workers; half of them, but at least one, leave and return once.
    package let workers: Int
    /// The number of steps; each is logged.
    package let steps: Int
    /// The seed of the random draws.
    package let seed: UInt64
    /// The steps of an epoch.
    package let stepsPerEpoch: Int
    /// The text in place of the host in names.
    package let host: String
    /// Whether the run has ended.
    package let isOver: Bool

    /// When the run begins, in seconds since 1970.
    package static let start = 1_800_000_000.0
    /// How long a step takes, in seconds.
    package static let stepSeconds = 0.0078125
    private static let stepsPerInterval = 128
    private static let workersPerInterval = 32
    private static let examples = 128

    /// A run with these numbers of workers and steps.
    ///
    /// - Parameter host: the prefix of host names, in ASCII without a quote or `\`; a number follows it.
    package init(
        workers: Int, steps: Int, seed: UInt64 = 1, stepsPerEpoch: Int = 1000,
        host: String = "node", isOver: Bool = true
    ) {
        self.workers = workers
        self.steps = steps
        self.seed = seed
        self.stepsPerEpoch = stepsPerEpoch
        self.host = host
        self.isOver = isOver
    }

    /// Creates the folder and writes its files.
    ///
    /// - Throws: ``FileError`` if that fails.
    package func write(to path: String) throws(FileError) {
        try Files.makeFolder(path)
        let folder = try Folder(path)
        var configuration = RunConfiguration()
        configuration.workers = workers
        configuration.training.shards = max(configuration.training.shards, workers)
        try folder.writeAtomically(configuration.encoded(), to: "config.json")
        for (name, lines) in [
            ("events.jsonl", events), ("metrics.jsonl", metrics), ("timing.jsonl", timing),
        ] {
            try folder.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: name)
        }
    }

    /// A worker's name.
    package func name(_ worker: Int) -> String { "\(host)-\(worker):\(1000 + worker)" }

    /// The number of workers that leave and return.
    package var restarts: Int { workers == 0 ? 0 : max(1, workers / 2) }

    private func time(afterStep step: Int) -> Double {
        Self.start + 1 + Double(step) * Self.stepSeconds
    }

    private func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
}

// MARK: - Events

extension SimulatedRun {
    /// The lines of `events.jsonl`.
    package var events: [String] {
        var lines = [
            """
            {"event":"run_started","host":"coordinator","level":"info","needed":1,"pid":7,"seconds":0,"step":0,\
            "time":\(text(Self.start)),"total_steps":\(steps),"version":"1.0.0"}
            """
        ]
        for worker in 0..<workers { lines.append(joined(worker, members: worker + 1, at: 0.25)) }
        lines.append(
            """
            {"event":"training_started","level":"info","members":\(workers),"step":0,\
            "text":"training with \(workers) workers","time":\(text(Self.start + 1))}
            """)
        for worker in 0..<restarts {
            let shard = worker % 4096
            lines += [
                """
                {"event":"worker_late","host":"\(host)-\(worker)","level":"warning","reason":"silent","seconds":0.25,\
                "shards":[\(shard)],"step":1,"text":"\(name(worker)) is late","time":\(text(Self.start + 1.25)),\
                "times":1,"worker":"\(name(worker))","workers":["\(name(0))"]}
                """,
                """
                {"event":"worker_left","host":"\(host)-\(worker)","level":"warning","members":\(workers - 1),\
                "reason":"its connection ended","text":"\(name(worker)) left","time":\(text(Self.start + 1.5)),\
                "worker":"\(name(worker))"}
                """, joined(worker, members: workers, at: 1.75),
            ]
        }
        for step in stride(from: stepsPerEpoch, through: steps, by: stepsPerEpoch) {
            lines.append(
                """
                {"event":"checkpoint_written","level":"info","path":"checkpoint-\(step)","step":\(step),\
                "text":"a checkpoint was written","time":\(text(time(afterStep: step)))}
                """)
        }
        if isOver {
            lines.append(
                """
                {"event":"run_ended","host":"coordinator","level":"info","pid":7,\
                "seconds":\(text(Double(steps) * Self.stepSeconds)),"status":"completed","step":\(steps),\
                "text":"training is finished","time":\(text(time(afterStep: steps)))}
                """)
        }
        return lines
    }

    private func joined(_ worker: Int, members: Int, at seconds: Double) -> String {
        """
        {"address":"10.0.0.1:5000","event":"worker_joined","host":"\(host)-\(worker)","kernels":"avx2","lanes":2,\
        "level":"info","members":\(members),"text":"\(name(worker)) joined",\
        "time":\(text(Self.start + seconds)),"worker":"\(name(worker))"}
        """
    }
}

// MARK: - Numbers

extension SimulatedRun {
    /// The lines of `metrics.jsonl`.
    package var metrics: [String] {
        var random = SplitMix64(state: seed)
        var lines: [String] = []
        lines.reserveCapacity(steps + steps / stepsPerEpoch)
        for step in stride(from: 1, through: steps, by: 1) {
            let epoch = (step - 1) / stepsPerEpoch + 1
            let loss = 2 / (1 + Double(step) / 500) + Double.random(in: 0..<0.1, using: &random)
            let accuracy = Double(Int.random(in: 64...128, using: &random)) / 128
            let seconds = Double(step) * Self.stepSeconds
            lines.append(
                """
                {"accuracy":\(text(accuracy)),"epoch":\(epoch),"examples":\(Self.examples),"learning_rate":0.001,\
                "loss":\(text(loss)),"seconds":\(text(seconds)),"step":\(step),\
                "time":\(text(time(afterStep: step))),"type":"step"}
                """)
            guard step % stepsPerEpoch == 0 else { continue }
            lines.append(
                """
                {"epoch":\(epoch),"examples":\(Self.examples * stepsPerEpoch),"examples_per_second":16384,\
                "seconds":\(text(seconds)),"step":\(step),"test_accuracy":\(text(accuracy)),\
                "test_loss":\(text(loss)),"time":\(text(time(afterStep: step))),\
                "train_accuracy":\(text(accuracy)),"train_loss":\(text(loss)),"type":"epoch"}
                """)
        }
        return lines
    }

    /// The lines of `timing.jsonl`; each reports some of the workers in turn.
    package var timing: [String] {
        var random = SplitMix64(state: seed)
        let size = Self.stepsPerInterval
        return stride(from: size, through: steps, by: size).map { step in
            let interval = Double(size) * Self.stepSeconds
            let wait = Double.random(in: 0..<0.25, using: &random)
            let count = min(workers, Self.workersPerInterval)
            let first = workers == 0 ? 0 : step / size * count % workers
            let told = (first..<min(first + count, workers)).map { worker in
                let answer = Double.random(in: 0.001..<0.005, using: &random)
                return """
                    {"answer":\(text(answer)),"audits":3,"busy":0.001,"bytes_received":2000,"bytes_sent":1000,\
                    "lanes":[0.001,0.0005],"lateness":0,"shards":1,"steps":\(size),"worker":"\(name(worker))"}
                    """
            }
            var durations = [Int](repeating: 0, count: StepDurations.limits.count + 1)
            durations[6] = size
            return """
                {"accuracy":0.5,"bound":"lanes","durations":[\(durations.map { "\($0)" }.joined(separator: ","))],\
                "epoch":\((step - 1) / stepsPerEpoch + 1),"examples":\(size * Self.examples),\
                "interval":\(text(interval)),"learning_rate":0.001,"loss":1.5,\
                "phases":{"first":0.5,"other":0,"record":0.03125,"reduce":0.125,"send":0.0625,\
                "update":0.03125,"wait":\(text(wait))},\
                "seconds":\(text(Double(step) * Self.stepSeconds)),"step":\(step),"steps":\(size),\
                "time":\(text(time(afterStep: step))),\
                "traffic":{"bytes_received":4000,"bytes_sent":3000,"messages_received":40,"messages_sent":30},\
                "workers":[\(told.joined(separator: ","))]}
                """
        }
    }
}
