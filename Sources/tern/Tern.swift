import ArgumentParser

/// The command line: one file a subcommand.
@main
struct Tern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tern",
        abstract: "Trains recurrent networks over many workers, with the same bits for any "
            + "number of them.",
        discussion: """
            To train on this machine: tern train. On many machines: tern coordinator on one, tern \
            worker on the others.

            Exit status: 0 done; 1 the training diverged; 2 a run does not verify; 64 wrong usage; \
            65 damaged or wrong data; 66 data not found; 69 an endpoint cannot be used; 70 all \
            workers ended, or a process crashed too often; 73 the run's folder cannot be used; 74 a \
            file cannot be read or written; 75 nobody answered in time; 76 refused by the \
            coordinator; 78 a configuration does not fit; 130 and 143 stopped by Ctrl-C and SIGTERM.

            Environment: TERN_MNIST_DIR names the folder of the MNIST files; TERN_KERNELS forces \
            avx512 or avx2.
            """,
        version: "0.1.0",
        subcommands: [
            TrainCommand.self, CoordinatorCommand.self, WorkerCommand.self, VerifyCommand.self,
            EvaluateCommand.self, PredictCommand.self, InspectCommand.self, ExportCommand.self,
            ImportCommand.self, DatasetCommand.self, BenchCommand.self,
        ])
}
