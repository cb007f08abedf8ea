import ArgumentParser
import Glibc
import Simulation

/// Runs simulated trainings with faults, on all processors.
@main struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Scripts/simulate",
        abstract: "Train in a simulated world full of faults, once a seed, and check every step.",
        discussion: """
            Each seed is a schedule of crashes, hangs, cuts, joins and restarts that befall real \
            coordinator and worker machines in virtual time. Every run must end with the weights \
            of the undisturbed one, each position committed exactly once.
            """)

    @Option(help: "The number of seeds to run.") var seeds = 10_000
    @Option(help: "The first seed.") var from: UInt64 = 0
    @Option(help: "Run this seed alone.") var seed: UInt64?
    @Flag(help: "With --seed: print what happens, a line an event.") var trace = false
    @Option(
        help: ArgumentHelp(
            "Print one hash of the traces of so many seeds, and nothing else.", valueName: "seeds"))
    var hashTraces: Int?
    @Option(help: "Make a mistake on purpose, to see it found: \(PlantedBug.names).")
    var bug: PlantedBug?
    @Option(
        help: ArgumentHelp(
            "A file to keep up to date with the seeds being run.", visibility: .hidden))
    var running: String?

    func validate() throws {
        guard seeds > 0 else { throw ValidationError("--seeds must be at least 1") }
        guard !trace || seed != nil else { throw ValidationError("--trace needs a --seed") }
        guard hashTraces.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--hash-traces must be at least 1")
        }
    }

    func run() async throws {
        if let hashTraces {
            let all = seed.map { $0...$0 } ?? from...from + UInt64(seeds - 1)
            for hash in await TraceHash.all(of: all, each: hashTraces) { say("\(hash)") }
            return
        }
        let start = ContinuousClock.now
        let totals = if let seed { replay(seed) } else { await runAll() }
        say(totals.summary(wallTime: .now - start))
        if totals.failures > 0 { throw ExitCode.failure }
    }

    private func replay(_ seed: UInt64) -> Totals {
        let schedule = Schedule(seed: seed)
        if trace { say(schedule.summary) }
        var totals = Totals()
        totals.add(World(schedule, bug: bug, trace: trace ? { say($0) } : nil).run())
        return totals
    }

    private func runAll() async -> Totals {
        let lanes = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let board = Board(wanted: seeds, bug: bug, running: running)
        await withTaskGroup { group in
            for lane in 0..<lanes {
                group.addTask {
                    for index in stride(from: lane, to: seeds, by: lanes) {
                        let seed = from &+ UInt64(index)
                        await board.begin(seed, lane: lane)
                        await board.add(World(Schedule(seed: seed), bug: bug).run())
                    }
                }
            }
        }
        return await board.totals
    }
}

extension PlantedBug: ExpressibleByArgument {
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// Prints a line at once, also into a pipe, because this process may be about to crash.
private func say(_ line: String) {
    let line = line + "\n"
    write(STDOUT_FILENO, line, line.utf8.count)
}

/// Collects the findings of all lanes.
private actor Board {
    private(set) var totals = Totals()
    private let wanted: Int
    private let bug: PlantedBug?
    private let file: Int32?

    /// - Parameter running: a file with the running seeds, kept up to date in case this process dies.
    init(wanted: Int, bug: PlantedBug?, running: String?) {
        self.wanted = wanted
        self.bug = bug
        file = running.map { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    }

    func begin(_ seed: UInt64, lane: Int) {
        guard let file else { return }
        let digits = "\(seed)"
        let line = String(repeating: " ", count: 20 - digits.count) + digits + "\n"
        pwrite(file, line, line.utf8.count, off_t(lane * line.utf8.count))
    }

    func add(_ report: Report) {
        totals.add(report)
        if let violation = report.violation, totals.failures <= 10 {
            let option = bug.map { " --bug \($0.rawValue)" } ?? ""
            say("seed \(report.seed): \(violation)")
            say("    Scripts/simulate --seed \(report.seed)\(option) --trace")
        }
        if totals.runs % max(1, wanted / 10) == 0 {
            say("\(totals.runs) of \(wanted) seeds, \(totals.failures) failed")
        }
    }
}
