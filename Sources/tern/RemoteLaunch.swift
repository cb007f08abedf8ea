import Glibc
import Launching
import Monitoring
import ZeroMQ

/// A launch that another machine carries out, with the coordinator there.
///
/// It gets the program and the user's agent, so that it can log in on the others as the user can here.
actor RemoteLaunch {
    nonisolated let thread = EventLoop(name: "tern-launch")
    /// The thread that signals arrive at runs this actor.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Where the coordinator is to be.
    private let host: Host
    /// The programs that it may get.
    private let programs: [RemoteProgram]
    private var connection: HostConnection?
    /// The signal that asked to stop.
    private var interruption: Int32?

    /// A launch that has not begun.
    init(on host: Host, programs: [RemoteProgram]) { (self.host, self.programs) = (host, programs) }

    /// Has the host launch, and prints what it says.
    ///
    /// A signal that asks to stop, and the end of the connection, have it write a checkpoint and end.
    /// - Parameter arguments: those of `tern launch` there.
    /// - Throws: ``Failure`` with the status of the launch there if that is not zero.
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
