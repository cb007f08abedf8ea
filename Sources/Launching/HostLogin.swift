import FoundationEssentials
import Glibc
import Monitoring

/// The common part of a launch's logins.
public struct HostLogin: Sendable {
    private let shell: RemoteShell
    private let programs: [RemoteProgram]
    private let rendezvous: Rendezvous
    /// The memory that a host's worker needs.
    private let need: HostNeed
    /// The lanes of hosts that name none; nil for one per processor.
    private let lanes: Int?

    /// Logins that copy one of `programs`, for workers that dial `rendezvous`.
    public init(
        by shell: RemoteShell, _ programs: [RemoteProgram], to rendezvous: Rendezvous,
        need: HostNeed, lanes: Int?
    ) {
        (self.shell, self.programs, self.rendezvous) = (shell, programs, rendezvous)
        (self.need, self.lanes) = (need, lanes)
    }

    /// A login's command line, quoted for a shell.
    public func command(for host: Host) -> String {
        shell.words(for: host, through: rendezvous.tunnel()).dropLast().map(shellWord)
            .joined(separator: " ")
    }

    /// Logs in on a host, probes it, and runs a worker there if `arguments` returns some.
    ///
    /// - Parameters:
    ///   - isMeasured: whether a ``ProbeServer`` listens in the coordinator's place.
    ///   - arguments: returns the arguments of `tern` and the first line of its standard input for
    ///     a probed host; nil to log out.
    /// - Returns: the exit status of ``HostConnection/runProgram(_:_:line:)``; 0 if nothing was
    ///   run.
    /// - Throws: ``HostError``
    public func run(
        on host: Host, isMeasured: Bool, started: (pid_t) -> Void,
        said: @escaping @Sendable (String) -> Void,
        connected: (HostConnection) -> Void,
        arguments: (ReadyHost) async -> (words: [String], line: String)?
    ) async throws -> Int32? {
        let tunnel = rendezvous.tunnel()
        return try await HostSession(host, by: shell, through: tunnel).run(
            started: started, said: said
        ) { connection in
            connected(connection)
            let ready = try await prepare(host, connection, tunnel, isMeasured: isMeasured)
            guard let (words, line) = await arguments(ready) else { return 0 }
            // The token is unique to this launch.
            let identity = "\(rendezvous.token.text)-\(host)"
            return try await connection.runProgram(identity, words, line: line)
        }
    }

    /// Copies the program and probes the host.
    private func prepare(
        _ host: Host, _ connection: HostConnection, _ tunnel: RemoteShell.Tunnel?, isMeasured: Bool
    ) async throws(HostError) -> ReadyHost {
        let (architecture, client) = try await connection.open()
        let program = try RemoteProgram.fitting(architecture, among: programs)
        try await connection.bring(program)
        let endpoints = rendezvous.endpoints(client: client, through: tunnel)
        let asked = isMeasured ? endpoints.flatMap { ["--connect", $0] } : []
        let arguments = asked + ((host.lanes ?? lanes).map { ["--lanes", "\($0)"] } ?? [])
        var probe = try await look(connection, arguments)
        // A packet may be lost, and a busy machine late.
        if !probe.routes.isEmpty, probe.routes.allSatisfy({ $0.speed.value == nil }) {
            probe = try await look(connection, arguments)
        }
        return try judge(host, probe, endpoints)
    }

    private func look(
        _ connection: HostConnection, _ arguments: [String]
    ) async throws(HostError) -> HostProbe {
        let line = try await connection.probe(arguments, line: rendezvous.token.text)
        guard let probe = HostProbe(parsing: line) else {
            throw .disconnected("tern probe printed '\(line.prefix(200))' there")
        }
        return probe
    }

    /// Decides whether a host can be used.
    private func judge(
        _ host: Host, _ probe: HostProbe, _ endpoints: [String]
    ) throws(HostError) -> ReadyHost {
        if case .failed(let reason) = probe.lane { throw .refused(reason) }
        let lanes = host.lanes ?? lanes ?? probe.processors
        let needed = need.memory(lanes: lanes)
        guard probe.memory >= needed else {
            throw .tooLittleMemory(free: probe.memory, needed: needed, lanes: lanes)
        }
        let way = probe.routes.first { $0.speed.value != nil }
        if way == nil, !probe.routes.isEmpty {
            throw .noWay(port: rendezvous.port, probe.routes.map { "\($0.endpoint): \($0.reason)" })
        }
        return ReadyHost(
            probe: probe, lanes: lanes, endpoint: way?.endpoint ?? endpoints[0],
            speed: way?.speed.value,
            clockOffset: probe.clock - Date.now.timeIntervalSince1970)
    }
}

extension Route {
    /// Why the route does not reach the endpoint.
    fileprivate var reason: String { if case .failed(let reason) = speed { reason } else { "" } }
}

/// The memory that a worker of a run needs.
public struct HostNeed: Sendable {
    /// The bytes of all examples.
    private let dataBytes: Int
    /// The bytes of the network's parameters.
    private let parameterBytes: Int

    /// The need of a run's worker.
    public init(dataBytes: Int, parameterBytes: Int) {
        (self.dataBytes, self.parameterBytes) = (dataBytes, parameterBytes)
    }

    /// A worker's memory before it has data.
    private static let ofProcess = 30_000_000
    /// The parameters' copies per lane: weights, packed weights, gradients, sums.
    private static let copiesPerLane = 4

    /// The memory of a worker in the worst case, in which it gets all shards.
    func memory(lanes: Int) -> Int {
        Self.ofProcess + dataBytes + lanes * Self.copiesPerLane * parameterBytes
    }
}
