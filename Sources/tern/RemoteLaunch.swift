import Glibc
import Launching
import Monitoring
import ZeroMQ

/// A launch run by another machine, with the coordinator there.
///
/// That machine gets the program and the user's ssh agent, so that it can log in on the others as
/// the user can.
actor RemoteLaunch {
    nonisolated let thread = EventLoop(name: "tern-launch")
    /// This actor runs on the thread that receives signals.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The machine for the coordinator.
    private let host: Host
    /// The programs for that machine.
    private let programs: [RemoteProgram]
    private var connection: HostConnection?
    /// The signal that asked to stop.
    private var interruption: Int32?

    /// A launch that has not started.
    init(on host: Host, programs: [RemoteProgram]) { (self.host, self.programs) = (host, programs) }

    /// Runs the launch on the host, and prints its output.
    ///
    /// After a stop signal or the end of the connection, the launch writes a checkpoint and ends.
    /// - Parameter arguments: the arguments of `tern launch` there.
    /// - Throws: ``Failure`` with the launch's exit status if it is not zero.
    func run(_ arguments: [String], signals: SignalSource) async throws {
        thread.attach(fileDescriptor: signals.fileDescriptor) {
            self.assumeIsolated { $0.heed(signals.read()) }
        }
        defer { thread.detach(fileDescriptor: signals.fileDescriptor) }
        let status: Int32?
        do {
            status = try await converse(arguments)
        } catch let error as HostError {
            throw Failure(status: ExitStatus.unavailable, message: "\(host): \(error)")
        }
        if let interruption { throw Failure(status: ExitStatus.signal(interruption), message: "") }
        guard let status else {
            throw Failure(
                status: ExitStatus.unavailable,
                message:
                    "the connection to \(host) ended: the run there writes a checkpoint and ends")
        }
        guard status == 0 else { throw Failure(status: status, message: "") }
    }

    private nonisolated func converse(_ arguments: [String]) async throws -> Int32? {
        try await HostSession(host, by: RemoteShell(forwardsAgent: true)).run(
            started: { _ in }, said: { try? Output.line($0) }
        ) { connection in
            await take(connection)
            let (architecture, _) = try await connection.open()
            try await connection.bring(RemoteProgram.fitting(architecture, among: programs))
            return try await connection.runProgram(
                ProbeToken.random().text, ["launch", "--lifeline"] + arguments, line: "")
        }
    }

    private func take(_ connection: HostConnection) {
        self.connection = connection
        if interruption != nil { connection.end() }
    }

    private func heed(_ request: SignalRequest?) {
        switch request {
        case .stop(let signal), .stopAtOnce(let signal):
            interruption = signal
            connection?.end()
        case .checkpoint, nil: break
        }
    }
}
