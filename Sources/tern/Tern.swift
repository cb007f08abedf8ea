import ArgumentParser
import Glibc
import Monitoring
import ZeroMQ

/// The command line; each subcommand has its own file.
@main
struct Tern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tern",
        abstract: "Trains recurrent networks over many workers, with the same bits for any "
            + "number of them.",
        discussion: """
            To train on this machine: tern train. On many machines: tern launch, by ssh; or tern \
            coordinator on one, tern worker on the others.

            EXIT STATUS:
            \(ExitStatus.table)

            Environment: TERN_MNIST_DIR names the folder of the MNIST files; TERN_KERNELS forces \
            avx512 or avx2; NO_COLOR or TERM=dumb keep escape sequences away.
            """,
        version: "0.1.0",
        subcommands: [
            TrainCommand.self, LaunchCommand.self, CoordinatorCommand.self, WorkerCommand.self,
            SlurmCommand.self, KeyCommand.self,
            VerifyCommand.self, MonitorCommand.self, TopCommand.self, RunsCommand.self,
            ReportCommand.self, EvaluateCommand.self, PredictCommand.self, InspectCommand.self,
            ExportCommand.self,
            ImportCommand.self, DatasetCommand.self, BenchCommand.self, ProbeCommand.self,
        ])

    /// Parses the arguments and runs the command.
    ///
    /// It is like the library's `main`, but fails if the help or version cannot be printed.
    static func main() async {
        refuseUnreadableNames()
        prepareProcess()
        do {
            try ResourceNeed.ofAnyCommand.secure()
            var command = try await asyncParseAsRoot(nil)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ResourceError {
            Output.error("tern: error: \(error)")
            Glibc.exit(ExitStatus.of(error))
        } catch {
            guard exitCode(for: error).isSuccess else { exit(withError: error) }
            do {
                try Output.line(fullMessage(for: error))
            } catch {
                Output.error("tern: error: \(error)")
                Glibc.exit(ExitStatus.of(error))
            }
        }
    }

    /// Makes signals and closed descriptors harmless, before any thread starts.
    private static func prepareProcess() {
        // A full disk or a closed pipe should be an error of one call, not end the process. Batch
        // systems send SIGUSR1 and SIGUSR2 to all processes of a job; those without checkpoints
        // ignore them.
        for number in [SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2] { signal(number, SIG_IGN) }
        // The kernel does not end the first process of a container by signals that it does not
        // catch.
        if getpid() == 1 {
            for number in [SIGHUP, SIGINT, SIGTERM] {
                signal(number) { _exit(ExitStatus.signal($0)) }
            }
        }
        // Otherwise the next opened file would receive the output. A descriptor for reading rejects
        // writes, which is reported.
        for descriptor in STDIN_FILENO...STDERR_FILENO
        where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    }
}
