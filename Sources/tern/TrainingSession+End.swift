import Bounds
import DataParallel
import Files
import Glibc
import Logging
import ModelFiles
import Monitoring
import ZeroMQ

// The results and reports at the end of a run.

extension TrainingSession {
    /// Writes and reports the run's result.
    ///
    /// - Parameter signals: the signals that may stop the wait for a slow reader.
    /// - Throws: ``Failure`` with the run's exit status if it did not complete, ``OutputError`` if its
    ///   result cannot be printed.
    func conclude(
        _ result: CoordinatorResult, workers: Int, _ signals: SignalSource
    ) throws {
        do {
            try tell(result, workers: workers)
        } catch {
            // The first error matters more than an output error.
            try? sink.finish(hearing: signals, patience: .seconds(2))
            throw error
        }
        try sink.finish(hearing: signals)
    }

    /// Reports that the session ends before its first step.
    func tellFailure(_ error: any Error) {
        var line = EventLine(now: "run_ended", .error)
        line.status = "failed"
        line.reason = errorMessage(of: error)
        sink.emit(line, from: logger.logLevel)
        try? sink.finish(patience: .seconds(2))
    }

    private func tell(_ result: CoordinatorResult, workers: Int) throws {
        sink.endProgress()
        let summary = summarize(result, workers: workers)
        do {
            try keep(result, summary)
            if result.outcome != .completed { throw failure(result, summary.failure) }
        } catch {
            tellEnd(of: summary, result, error)
            throw error
        }
        tellEnd(of: summary, result, nil)
        let signed = try signer?.sign(directory, job, result.parameters)
        let lines =
            summary.lines + ["  model          \(directory.model)"]
            + [signed, summary.failure.map { plainText($0.text) }].compactMap(\.self)
        sink.show(lines.joined(separator: "\n"))
    }

    /// Writes the summary, and the model if the run is complete.
    private func keep(_ result: CoordinatorResult, _ summary: RunSummary) throws(FileError) {
        if result.outcome == .completed {
            var model = ModelFile(
                architecture: job.architecture, dataset: job.dataset.name,
                configuration: configuration.training, parameters: result.parameters)
            model.dataDigest = job.dataDigest
            try placed { [model] () throws(FileError) in
                try directory.write(model.encoded(), to: directory.model)
            }
        }
        let text = jsonText(summary, isPretty: true) + "\n"
        do throws(FileError) {
            try placed { () throws(FileError) in
                try directory.write(Array(text.utf8), to: directory.summary)
            }
        } catch {
            // If something else ended the run, that reason is reported; this may be the same full
            // disk.
            if result.outcome == .completed { throw error }
        }
    }

    /// Emits the session's last event.
    private func tellEnd(of summary: RunSummary, _ result: CoordinatorResult, _ error: (any Error)?)
    {
        var line =
            switch result.outcome {
            case .completed where error == nil:
                EventLine(now: "run_ended", .info, "training is finished")
            case .interrupted:
                EventLine(
                    now: "run_ended", .notice,
                    "stopped after step \(result.step); to go on: \(resumeCommand)")
            // The reason is printed as the command's error.
            default: EventLine(now: "run_ended", .error)
            }
        let isWhole = result.outcome != .completed || error == nil
        line.status = isWhole ? summary.status : "failed"
        (line.step, line.seconds) = (summary.steps, summary.wallSeconds)
        line.reason = error.map(errorMessage(of:)).flatMap { $0.isEmpty ? nil : $0 }
        line.weights = summary.weightsSHA256
        line.failure = summary.failure
        sink.emit(line, from: logger.logLevel)
        if case .interrupted = result.outcome, let failure = summary.failure {
            sink.show(plainText(failure.text))
        }
    }

    private func summarize(_ result: CoordinatorResult, workers: Int) -> RunSummary {
        let status =
            switch result.outcome {
            case .completed: "completed"
            case .interrupted, .pausedTooLong: "interrupted"
            case .diverged: "diverged"
            case .tooFewWorkers, .workersEnded, .failed: "failed"
            }
        let steps = result.step
        var summary = RunSummary(
            status: status, dataset: job.dataset.name, workers: workers,
            epochs: steps / job.plan.stepsPerEpoch, steps: steps,
            examples: RunSummary.examples(in: steps, of: job.plan),
            wallSeconds: result.seconds, lastEpoch: result.lastEpoch,
            weightsSHA256: result.parameters.sha256)
        summary.failure = firstFailure.withLock { $0 }
        if case .failed(let error) = result.outcome, summary.failure == nil {
            summary.failure = ProcessFailure(
                process: "coordinator", pid: Int(getpid()), status: Int(ExitStatus.fileTrouble),
                lines: ["\(error)"])
        }
        return summary
    }

    /// The command's failure if the run is not complete.
    ///
    /// This line is the last on the screen, so it includes the first process that failed.
    private func failure(_ result: CoordinatorResult, _ first: ProcessFailure?) -> Failure {
        var failure = failure(result)
        switch result.outcome {
        case .completed, .interrupted, .failed: break
        case .diverged, .tooFewWorkers, .pausedTooLong, .workersEnded:
            if let first { failure.message += "; \(first.text)" }
        }
        return failure
    }

    private func failure(_ result: CoordinatorResult) -> Failure {
        switch result.outcome {
        case .completed: return Failure(status: 0, message: "")
        case .interrupted(let signal):
            return Failure(status: ExitStatus.signal(signal), message: "")
        case .diverged(let step):
            let advice = DivergenceAdvice(configuration, directory, command: command)
            return Failure(status: ExitStatus.diverged, message: advice.text(afterStep: step))
        case .tooFewWorkers(let members, let needed):
            return Failure(
                status: ExitStatus.noAnswer,
                message: "only \(members) of \(needed) workers joined within --join-timeout: start "
                    + "workers with tern worker --connect, or wait longer")
        case .pausedTooLong(let members, let needed):
            return Failure(
                status: ExitStatus.tooFewWorkers,
                message:
                    "only \(members) of \(needed) workers were left, and no others came within "
                    + "--pause-timeout; to go on: \(resumeCommand)")
        case .workersEnded(let reason):
            return Failure(
                status: ExitStatus.workersEnded,
                message: "all local workers have ended (\(reason)); to go on: \(resumeCommand)")
        case .failed(let error):
            return Failure(
                status: ExitStatus.fileTrouble,
                message: "\(error.naming(folderOption)); then go on with \(resumeCommand)")
        }
    }
}
