import Glibc
import RunEvents
import Watching

/// Runs in Prometheus' text format (version 0.0.4).
package struct PrometheusText {
    private var text = ""

    /// The metrics of runs, and of the monitor itself.
    ///
    /// - Parameter runs: the runs with their folders' names.
    package static func text(_ runs: [(folder: String, view: RunView)]) -> String {
        var page = PrometheusText()
        page.addRuns(runs)
        page.addProgress(runs)
        page.addTiming(runs)
        page.addWorkers(runs)
        page.addCounts(runs)
        page.addFiles(runs)
        page.add(
            "process_resident_memory_bytes", .gauge, "Memory of the monitor in bytes.",
            [([], residentMemory.map(Double.init))])
        return page.text
    }

    private enum Kind: String { case gauge, counter, histogram }
    private typealias Labels = [(name: String, value: String)]
    private typealias Runs = [(folder: String, view: RunView)]

    /// Adds a metric with its samples; samples without a value are left out.
    private mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(Labels, Double?)]
    ) {
        let lines = samples.compactMap { labels, value in
            value.map { "\(name)\(Self.text(labels)) \(Self.text($0))\n" }
        }
        guard !lines.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + lines.joined()
    }

    /// Adds a metric with one value per run.
    private mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ runs: Runs, _ value: (RunView) -> Double?
    ) {
        add(name, kind, help, runs.map { ([("run", $0.folder)], value($0.view)) })
    }

    private static func text(_ labels: Labels) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { name, value in
            "\(name)=\"\(escaped(value))\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// Escapes a label's value.
    ///
    /// Iterates over scalars: a quote with a combining mark is another character, but still ends
    /// the value.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static var residentMemory: Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let words = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
        ).split(separator: " ")
        return words.count > 1 ? Int(words[1]).map { $0 * Int(getpagesize()) } : nil
    }
}

// MARK: - The metrics

extension PrometheusText {
    private mutating func addRuns(_ runs: Runs) {
        add(
            "tern_run_info", .gauge, "What a run is; always 1.",
            runs.map { folder, view in
                (
                    [
                        ("run", folder), ("version", view.history.version ?? ""),
                        ("dataset", view.setting("dataset")), ("cell", view.setting("cell")),
                    ], 1
                )
            })
        add(
            "tern_run_state", .gauge, "1 for the state that a run is in, 0 for the others.",
            runs.flatMap { folder, view in
                RunState.allCases.filter { $0 != .unknown }.map { state in
                    ([("run", folder), ("state", state.rawValue)], view.state == state ? 1 : 0)
                }
            })
    }

    private mutating func addProgress(_ runs: Runs) {
        add("tern_run_step", .gauge, "Steps that a run has made.", runs) { Double($0.step) }
        add("tern_run_planned_steps", .gauge, "Steps of the whole run.", runs) {
            $0.totalSteps.map(Double.init)
        }
        add("tern_run_epoch", .gauge, "Epoch under way, counted from 1.", runs) { Double($0.epoch) }
        for (name, help, path) in [
            ("tern_train_loss", "Mean loss of the newest logged step.", \RunCurves.trainLoss),
            ("tern_train_accuracy", "Accuracy of the newest logged step, 0 to 1.", \.trainAccuracy),
            ("tern_test_loss", "Mean loss of the newest test.", \.testLoss),
            ("tern_test_accuracy", "Accuracy of the newest test, 0 to 1.", \.testAccuracy),
            ("tern_learning_rate", "Rate of the newest logged update.", \.learningRate),
        ] as [(String, String, KeyPath<RunCurves, Curve>)] {
            add(name, .gauge, help, runs) { $0.curves[keyPath: path].last }
        }
        add("tern_loss_finite", .gauge, "1 while the loss is a finite number, else 0.", runs) {
            $0.curves.isLossFinite && $0.state != .diverged ? 1 : 0
        }
        add(
            "tern_examples_per_second", .gauge, "Training examples a second, of late.", runs
        ) { $0.examplesPerSecond }
        add(
            "tern_last_step_timestamp_seconds", .gauge,
            "When the newest step was made, since 1970.",
            runs
        ) { $0.lastStepTime ?? $0.curves.lastTime }
        add(
            "tern_last_checkpoint_timestamp_seconds", .gauge,
            "When the newest checkpoint was written, since 1970.", runs
        ) { $0.history.checkpointTimes.last }
    }

    private mutating func addTiming(_ runs: Runs) {
        add("tern_steps_total", .counter, "Steps made, repeated ones counted again.", runs) {
            Double($0.totals.steps)
        }
        add("tern_examples_total", .counter, "Training examples summed.", runs) {
            Double($0.totals.examples)
        }
        add(
            "tern_phase_seconds_total", .counter, "Time of the coordinator's thread by phase.",
            runs.flatMap { folder, view in
                TimingReport.Phases.parts.map { part in
                    (
                        [("run", folder), ("phase", part.name)],
                        view.totals.phases[keyPath: part.path]
                    )
                }
            })
        addDurations(runs)
        let bounds = ["lanes", "network", "coordinator", "straggler", "too few shards"]
        add(
            "tern_bound", .gauge, "1 for what bounds a run, 0 for the others.",
            runs.flatMap { folder, view -> [(Labels, Double?)] in
                let bound = view.state.isOver ? nil : view.timing?.bound
                return bounds.map { word in
                    ([("run", folder), ("bound", word)], bound?.hasPrefix(word) == true ? 1 : 0)
                }
            })
        for (name, help, path) in [
            ("tern_sent_bytes_total", "Bytes sent to workers.", \TimingReport.Traffic.bytesSent),
            ("tern_received_bytes_total", "Bytes received from workers.", \.bytesReceived),
            ("tern_sent_messages_total", "Messages sent to workers.", \.messagesSent),
            ("tern_received_messages_total", "Messages received from workers.", \.messagesReceived),
        ] as [(String, String, KeyPath<TimingReport.Traffic, Int>)] {
            add(name, .counter, help, runs) { Double($0.totals.traffic[keyPath: path]) }
        }
    }

    private mutating func addDurations(_ runs: Runs) {
        let name = "tern_step_seconds"
        guard !runs.isEmpty else { return }
        text += "# HELP \(name) Time of a step, from sending weights to the update.\n"
        text += "# TYPE \(name) histogram\n"
        for (folder, view) in runs {
            let counts = view.totals.durations.counts
            var sum = 0
            for (limit, count) in zip(StepDurations.limits, counts) {
                sum = min(.max - count, sum) + count
                text += "\(name)_bucket\(Self.text([("run", folder), ("le", "\(limit)")])) \(sum)\n"
            }
            sum = min(.max - (counts.last ?? 0), sum) + (counts.last ?? 0)
            let labels = Self.text([("run", folder)])
            let phases = view.totals.phases
            let seconds = phases.send + phases.first + phases.wait + phases.reduce + phases.update
            text += "\(name)_bucket\(Self.text([("run", folder), ("le", "+Inf")])) \(sum)\n"
            text += "\(name)_sum\(labels) \(seconds)\n\(name)_count\(labels) \(sum)\n"
        }
    }

    private mutating func addWorkers(_ runs: Runs) {
        add("tern_workers", .gauge, "Workers that are here.", runs) { Double($0.history.members) }
        add("tern_workers_needed", .gauge, "Workers that training needs.", runs) {
            $0.history.needed.map(Double.init)
        }
        func samples(_ value: (WorkerView) -> Double?) -> [(Labels, Double?)] {
            runs.flatMap { folder, view in
                view.history.workers.map { worker in
                    (
                        [("run", folder), ("worker", worker.name), ("host", worker.host)],
                        value(worker)
                    )
                }
            }
        }
        add(
            "tern_worker_up", .gauge, "1 for a worker that is here, 0 for one that left.",
            samples { $0.state == .left ? 0 : 1 })
        add(
            "tern_worker_shards", .gauge, "Shards that a worker holds.",
            samples { Double($0.shards) })
        for (name, help, path) in [
            ("answer", "From a request to the last answer, of late.", \WorkerView.answer),
            ("busy", "Time at work on an answer, by the worker's own clock.", \.busy),
            ("lateness", "How long a step waits for the worker alone.", \.lateness),
        ] as [(String, String, KeyPath<WorkerView, Double?>)] {
            add(
                "tern_worker_\(name)_seconds", .gauge, help,
                samples { $0.state == .left ? nil : $0[keyPath: path] })
        }
    }

    private mutating func addCounts(_ runs: Runs) {
        for (name, help, path) in [
            ("tern_workers_joined_total", "Workers that joined.", \RunHistory.Counts.joined),
            ("tern_workers_left_total", "Workers that left.", \.left),
            ("tern_workers_late_total", "Times that a worker was late.", \.late),
            ("tern_audit_failures_total", "Sums of workers that were wrong.", \.wrong),
            ("tern_peers_refused_total", "Peers that were refused.", \.refused),
            ("tern_messages_dropped_total", "Messages that were dropped.", \.dropped),
            ("tern_rewinds_total", "Times that a run went back.", \.rewinds),
            ("tern_sessions_total", "Sessions: the first, and each resume or restart.", \.sessions),
            ("tern_checkpoints_total", "Checkpoints that were written.", \.checkpoints),
        ] as [(String, String, KeyPath<RunHistory.Counts, Int>)] {
            add(name, .counter, help, runs) { Double($0.history.counts[keyPath: path]) }
        }
    }

    private mutating func addFiles(_ runs: Runs) {
        add("tern_disk_free_bytes", .gauge, "Free bytes of a run's file system.", runs) {
            $0.disk.map { Double($0.free) }
        }
        add("tern_disk_size_bytes", .gauge, "Size of a run's file system in bytes.", runs) {
            $0.disk.map { Double($0.size) }
        }
        add(
            "tern_monitor_skipped_lines_total", .counter, "Damaged lines of a run's files.", runs
        ) { Double($0.skippedLines) }
    }
}
