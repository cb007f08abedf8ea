import FoundationEssentials
import Keys
import Launching
import Monitoring
import NeuralNetwork
import Training
import ZeroMQ

/// The check of all machines before a launch starts, with the logins that it keeps open.
struct Preflight {
    /// The key of the launch.
    let key: JobKey
    /// The coordinator's endpoint.
    let listening: String
    private let workers: [HostWorker]
    private let reports: [HostReport]
    private let login: HostLogin
    private let logLevel: String
    private let prefixes: HostPrefixes?

    /// Probes all hosts at once.
    ///
    /// - Parameter lanes: the lanes of hosts that name none; nil for one per processor.
    init(
        of hosts: [Host], _ options: HostOptions, _ job: Job, lanes: Int?, logLevel: String,
        isShown: Bool
    ) async throws {
        let prefixes = isShown ? HostPrefixes(of: hosts) : nil
        let programs = try await options.programs()
        let place = options.tunnel ? "127.0.0.1" : "*"
        let server = ProbeServerProcess(
            endpoint: "tcp://\(place):\(options.port.map { "\($0)" } ?? "*")", token: .random())
        let key = try JobKey()
        let need = HostNeed(
            dataBytes: job.dataset.train.count * job.architecture.exampleByteCount,
            parameterBytes: 4 * ParameterLayout(job.architecture).count)
        (listening, login, workers, reports) = try await server.run { bound in
            let rendezvous = Rendezvous(
                port: bound.port, address: options.address,
                own: await Endpoint.dialable(bound.text),
                token: server.token, isTunnelled: options.tunnel)
            let login = HostLogin(
                by: RemoteShell(), programs, to: rendezvous, need: need, lanes: lanes)
            let workers = hosts.map {
                HostWorker(
                    on: $0, by: login, key, logLevel: logLevel, prefix: prefixes?.prefix(of: $0))
            }
            let reports = await withTaskGroup(of: (Int, HostReport).self) { group in
                for (index, worker) in workers.enumerated() {
                    group.addTask { (index, await worker.look()) }
                }
                return await group.reduce(into: [(Int, HostReport)]()) { $0.append($1) }
            }
            return (
                "tcp://\(place):\(bound.port)", login, workers,
                reports.sorted { $0.0 < $1.0 }.map(\.1)
            )
        }
        (self.key, self.logLevel, self.prefixes) = (key, logLevel, prefixes)
    }

    /// The workers on usable hosts.
    var ready: [HostWorker] { zip(workers, reports).filter { $1.ready != nil }.map(\.0) }

    /// A further worker of the launch.
    func worker(on host: Host) -> HostWorker {
        HostWorker(
            on: host, by: login, key, logLevel: logLevel, prefix: prefixes?.prefix(of: host))
    }

    /// Prints the results: a table if requested, and an error for each unusable host.
    func tell(withTable isTableShown: Bool) {
        if isTableShown { try? Output.line(PreflightTable(reports).text) }
        for report in reports {
            if case .failure(let error) = report.outcome { printError("\(report.host): \(error)") }
            for warning in report.ready?.warnings ?? [] {
                printWarning("\(report.host): \(warning)")
            }
        }
    }

    /// Checks that the launch can start.
    ///
    /// - Throws: ``Failure``
    func check(skippingUnreachable: Bool) throws(Failure) {
        let bad = reports.count - ready.count
        guard bad > 0, !skippingUnreachable || ready.isEmpty else { return }
        throw Failure(
            status: ExitStatus.unavailable,
            message: ready.isEmpty
                ? "no machine can be used"
                : "\(bad) of \(reports.count) machines cannot be used: see above, or go on without with "
                    + "--skip-unreachable")
    }

    /// Logs out everywhere.
    func end() async {
        for worker in workers { worker.end() }
        for worker in workers { await worker.finishLooking() }
    }

    /// Prints lines.
    func show(_ lines: [String]) throws { for line in lines { try Output.line(line) } }

    /// The commands that a launch runs.
    var commands: [String] {
        ["coordinator, here: listens on \(listening)"]
            + zip(workers, reports).compactMap { worker, report in
                report.ready.map {
                    "\(report.host): \(login.command(for: report.host)): tern "
                        + worker.arguments($0).map(shellWord).joined(separator: " ")
                }
            }
    }

    /// The estimated cost of a job's step.
    func plan(for job: Job) -> [String] {
        let members = reports.compactMap { report in
            report.ready.flatMap { LaunchPlan.Member($0.probe, lanes: $0.lanes) }
        }
        guard !members.isEmpty else {
            return ["there is no plan: no machine that can be used was measured"]
        }
        let plan = LaunchPlan(
            members,
            LaunchPlan.Job(
                operationsPerExample: job.architecture.operations,
                weightBytes: 4 * ParameterLayout(job.architecture).count,
                batchSize: job.plan.batchSize, shards: job.plan.shards,
                examples: job.dataset.train.count))
        return [plan.description]
    }
}
