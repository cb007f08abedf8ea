import Glibc
import Kernels
import Logging
import Subprocess
import SystemPackage
import Training

/// The worker processes that `tern train` starts on its own machine.
///
/// Each holds the reading end of one pipe whose writing end only this process has. However this
/// process ends, even by SIGKILL, the kernel closes that end, and the workers end with it.
enum LocalWorkers {
    /// Starts workers, carries out `work`, and waits until all of them have ended.
    ///
    /// - Parameter onEnd: told of each end that comes before the work's, and how many remain.
    static func run<Result: Sendable>(
        count: Int, threads: Int, endpoint: String, logger: Logger,
        onEnd: @escaping @Sendable (_ reason: String, _ remaining: Int) async -> Void,
        during work: @escaping @Sendable () async -> Result
    ) async throws -> Result {
        let lifeline = try FileDescriptor.pipe()
        // A worker that held the writing end too would never see it close.
        _ = fcntl(lifeline.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
        let workers = Task {
            await withTaskGroup(of: String.self) { group in
                // Each lane on a processor of its own if together they take all. Where some are left,
                // Linux finds an idle one, and two trainings do not end up on the same.
                let isPlaced = count * threads == Processors.allowed.count
                for worker in 0..<count {
                    let place = isPlaced ? ["--place", "\(worker * threads)"] : []
                    let options = ["--threads", "\(threads)"] + place
                    group.addTask {
                        await runWorker(options, endpoint, lifeline.readEnd, logger)
                    }
                }
                var remaining = count
                for await reason in group {
                    remaining -= 1
                    await onEnd(reason, remaining)
                }
            }
        }
        let result = await work()
        // Whoever has not understood that all is over understands the closed lifeline, or, if it is
        // stopped and understands nothing, a kill.
        try? lifeline.writeEnd.close()
        let reaper = Task {
            try await Task.sleep(for: .seconds(5))
            workers.cancel()
        }
        await workers.value
        reaper.cancel()
        try? lifeline.readEnd.close()
        return result
    }

    private static func runWorker(
        _ options: [String], _ endpoint: String, _ lifeline: FileDescriptor, _ logger: Logger
    ) async -> String {
        do {
            let end = try await Subprocess.run(
                .path(FilePath(OwnExecutable.path)),
                arguments: Arguments(
                    [
                        "worker", "--connect", endpoint, "--lifeline", "--log-level", "warning",
                    ] + options),
                platformOptions: ownProcessGroup,
                input: .fileDescriptor(lifeline, closeAfterSpawningProcess: false),
                output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
            if end.terminationStatus.isSuccess { return "it was sent home" }
            let text = describe(end.terminationStatus)
            logger.warning("a local worker process ended: \(text)")
            return text
        } catch {
            logger.error("a local worker process could not be started: \(error)")
            return "\(error)"
        }
    }

    /// Ctrl-C at the terminal is for the coordinator alone, which needs them to finish the step.
    private static var ownProcessGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    private static func describe(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "killed by signal \(signal)"
        }
    }
}
