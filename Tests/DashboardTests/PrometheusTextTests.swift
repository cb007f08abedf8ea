import Dashboard
import Foundation
import RunEvents
import TestSupport
import Testing
import Watching

@Suite("Runs in Prometheus' text format")
struct PrometheusTextTests {
    private func views(_ count: Int, steps: Int = 1280) throws -> [(folder: String, view: RunView)]
    {
        let folder = NSTemporaryDirectory() + "tern-prometheus-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try (0..<count).map { number in
            let run = SimulatedRun(
                workers: 5, steps: steps, seed: UInt64(number), isOver: number == 0)
            try run.write(to: "\(folder)/run-\(number)")
            return ("run-\(number)", try RunWatch("\(folder)/run-\(number)").poll())
        }
    }

    @Test("follow its grammar, each metric with one HELP and one TYPE")
    func grammar() throws {
        for runs in [[], try views(1), try views(3), [("new", RunView(name: "new", now: 0))]] {
            let read = PrometheusReader(PrometheusText.text(runs))
            #expect(read.faults == [])
            #expect(!read.samples.isEmpty)
            for (name, type) in read.types {
                #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)")
                #expect(name.hasPrefix("tern_") || name.hasPrefix("process_"))
                #expect(!["_bucket", "_sum", "_count"].contains { name.hasSuffix($0) })
            }
            #expect(read.samples.allSatisfy { read.types[$0.name] != "counter" || $0.value >= 0 })
        }
    }

    @Test("have the values of the run")
    func values() throws {
        let runs = try views(2)
        let read = PrometheusReader(PrometheusText.text(runs))
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            read.samples.first { sample in
                sample.name == name
                    && labels.merging(["run": "run-1"]) { one, _ in one }
                        .allSatisfy { sample.labels[$0.key] == $0.value }
            }?.value
        }
        #expect(value("tern_run_step") == 1280)
        #expect(value("tern_run_planned_steps") == 1280)
        #expect(value("tern_steps_total") == 1280)
        #expect(value("tern_examples_total") == 163_840)
        #expect(value("tern_phase_seconds_total", ["phase": "first"]) == 5)
        #expect(value("tern_run_state", ["state": "training"]) == 1)
        #expect(value("tern_run_state", ["state": "completed"]) == 0)
        #expect(value("tern_bound", ["bound": "lanes"]) == 1)
        #expect(value("tern_workers") == 5)
        #expect(value("tern_worker_up", ["worker": "node-1:1001"]) == 1)
        #expect(value("tern_workers_late_total") == 2)
        #expect(value("tern_train_loss") == runs[1].view.curves.trainLoss.last)
        #expect(value("tern_loss_finite") == 1)
        #expect(value("tern_last_step_timestamp_seconds") == SimulatedRun.start + 11)
        let states = read.samples.filter {
            $0.name == "tern_run_state" && $0.labels["run"] == "run-0"
        }
        #expect(states.filter { $0.value == 1 }.map { $0.labels["state"] } == ["completed"])
    }

    @Test("have cumulative buckets, the last with all steps")
    func histogram() throws {
        var runs = try views(2)
        var view = RunView(name: "extreme", now: 0)
        for _ in 0..<3 { view.totals.durations.add([Int](repeating: .max, count: 20)) }
        runs.append(("extreme", view))
        let read = PrometheusReader(PrometheusText.text(runs))
        for run in runs.map(\.folder) {
            let buckets = read.samples.filter {
                $0.name == "tern_step_seconds_bucket" && $0.labels["run"] == run
            }
            let limits = buckets.map { Double($0.labels["le"] ?? "") ?? .nan }
            #expect(limits == StepDurations.limits + [.infinity])
            let counts = buckets.map(\.value)
            #expect(counts == counts.sorted())
            let count = read.samples.first {
                $0.name == "tern_step_seconds_count" && $0.labels["run"] == run
            }
            #expect(count?.value == counts.last)
        }
    }
}
