import ArgumentParser
import DataParallel
import FoundationEssentials
import Glibc
import Kernels
import Logging
import Monitoring
import ZeroMQ

/// Computes for a coordinator.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Compute for a coordinator, which sends the data and the settings.",
        discussion: SignalHelp.ofWorker)

    @Option(
        help: ArgumentHelp(
            "Where the coordinator listens: tcp://HOST:PORT or ipc://PATH.",
            valueName: "endpoint"))
    var connect: String

    @OptionGroup
    var keyOptions: WorkerKeyOptions

    @Option(help: "Compute lanes (threads).")
    var threads = 1

    @Option(
        help: ArgumentHelp(
            "Give up if no coordinator answers for this long. (default: never)",
            valueName: "seconds"))
    var joinTimeout: Int?

    @OptionGroup
    var log: LogOptions

    @Option(
        help: ArgumentHelp(
            "Which of the processors the first lane stays on; the others follow.",
            visibility: .hidden))
    var place: Int?

    @Flag(help: ArgumentHelp("End when standard input ends.", visibility: .hidden))
    var lifeline = false

    @Option(
        help: ArgumentHelp(
            "For drills of --audit: flip a bit of one in so many answers.", visibility: .hidden))
    var spoilEvery: Int?

    @Option(
        help: ArgumentHelp(
            "For drills of slow workers: hold back each answer.", valueName: "milliseconds",
            visibility: .hidden))
    var slowDown: Int?

    func validate() throws {
        if let spoilEvery, spoilEvery < 1 {
            throw ValidationError("--spoil-every must be at least 1 answer, not \(spoilEvery)")
        }
        if let slowDown, !(1...60_000).contains(slowDown) {
            throw ValidationError(
                "--slow-down must be from 1 to 60000 milliseconds, not \(slowDown)")
        }
        if !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024, not \(threads)")
        }
        if let joinTimeout, joinTimeout < 1 {
            throw ValidationError("--join-timeout must be at least 1 second")
        }
        if let place, place < 0 { throw ValidationError("--place must be 0 or above") }
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            try ResourceNeed.ofWorker(lanes: command.threads).secure()
            let signals = try SignalSource()
            let kernels = try kernelsInUse()
            let sink = LogSink(try command.log.form(isOneOfMany: true))
            let level = try command.log.level ?? .info
            let logger = Logger(label: "tern") { _ in SinkLogHandler(sink, level: level) }
            let credential = try command.keyOptions.credential(for: command.connect)
            logger.info(
                """
                worker \(getpid()) with \(command.threads) threads, \(kernels.name), dials \
                \(command.connect)\(credential.map { " with the \($0)" } ?? "")
                """)
            // With a credential, the worker needs no other identity.
            let identity = credential == nil ? OwnIdentity(logger) : nil
            // Keeps the identity's file locked until the process ends.
            defer { withExtendedLifetime(identity) {} }
            let worker = Worker(
                threads: command.threads, processors: command.processors, kernels: kernels,
                settings: .init(
                    joinTimeout: command.joinTimeout.map { .seconds($0) },
                    answersToASpoiltOne: command.spoilEvery,
                    answerDelay: command.slowDown.map { .milliseconds($0) }),
                secret: identity?.secret ?? .random()
            ) { event in
                let (level, text) = event.text(endpoint: command.connect)
                logger.log(level: level, "\(text)")
            }
            let context = Context()
            let outcome = try await worker.run(
                command.connect, credential: credential, context: context, signals: signals,
                lifeline: command.lifeline ? STDIN_FILENO : nil)
            if outcome == .orphaned {
                // A killed parent cannot clean up. The lanes may be computing a step, but their
                // work no longer matters.
                MeetingPoint(endpoint: command.connect)?.remove()
                _exit(0)
            }
            await context.terminate()
            defer { try? sink.finish(patience: .seconds(1)) }
            try command.conclude(outcome, logger)
        }
    }

    /// The processors for this worker's lanes, one each.
    private var processors: [Int] {
        place.map { Array(Processors.allowed.dropFirst($0).prefix(threads)) } ?? []
    }

    private func conclude(_ outcome: WorkerOutcome, _ logger: Logger) throws {
        switch outcome {
        case .dismissed(let reason): logger.info("dismissed: \(reason)")
        case .orphaned: break
        case .refused(let reason): throw Failure(status: ExitStatus.refused, message: reason)
        case .interrupted(let signal):
            throw Failure(status: ExitStatus.signal(signal), message: "")
        case .noCoordinator(.turnedAway):
            throw Failure(
                status: ExitStatus.refused,
                message:
                    "\(connect) rejected this worker: make a credential on the coordinator's machine "
                    + "with tern key worker NAME, bring it here, and name it with --key")
        case .noCoordinator(.unresolved(let reason)):
            throw Failure(
                status: ExitStatus.noAnswer,
                message: "\(reason) after \(joinTimeout ?? 0) s: check the host in \(connect)")
        case .noCoordinator(let contact):
            let what =
                contact == .connected
                ? "nothing at \(connect) answers as a coordinator"
                : "there is no coordinator at \(connect)"
            throw Failure(
                status: ExitStatus.noAnswer,
                message: "\(what) after \(joinTimeout ?? 0) s: check the endpoint, and that tern "
                    + "coordinator runs there")
        }
    }
}

extension WorkerEvent {
    /// The message for people and its level.
    fileprivate func text(endpoint: String) -> (Logger.Level, String) {
        switch self {
        case .joined(let run): return (.info, "joined run \(run)")
        case .lost: return (.warning, "lost the coordinator at \(endpoint); dialling again")
        case .expelled(let reason):
            return (
                .warning, "the coordinator expelled this worker: \(reason); joining again"
            )
        case .waiting(_, .turnedAway):
            return (
                .warning,
                "the coordinator rejected this worker: check with tern key list there that its "
                    + "credential may join; still trying \(endpoint)"
            )
        case .waiting(_, .unresolved(let reason)):
            return (.warning, "\(endpoint): \(reason); still trying")
        case .waiting(let seconds, let contact):
            let what = contact == .connected ? "no answer from" : "no coordinator at"
            return (.warning, "\(what) \(endpoint) for \(seconds) s; still trying")
        case .dropped(let reason): return (.warning, "dropped a message: \(reason)")
        case .flooded(let bytes):
            return (
                .warning,
                "the coordinator at \(endpoint) sent over \(bytes / 1_000_000) MB that nothing asked "
                    + "for: hung up on it; check that it runs this version of Tern"
            )
        }
    }
}
