import ArgumentParser
import Bounds
import Files
import Launching
import Monitoring
import ZeroMQ

/// The options for a launch's machines, and for the logins there.
struct HostOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File with a machine a line: HOST, HOST LANES or HOST slots=LANES; it is read again when it "
                + "changes.", valueName: "file"))
    var hosts: String?

    @Option(
        help: ArgumentHelp(
            "Machines, with commas between them: [USER@]HOST[:LANES] or [USER@]HOST:PORT:LANES. Without "
                + "LANES, a worker has a lane on each processor.", valueName: "list"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Command that prints the machines, a HOST:LANES a line; it is asked every few seconds.",
            valueName: "command"))
    var hostsCommand: String?

    @Option(
        help: ArgumentHelp(
            "Machine that has the data set, and runs the coordinator in place of this one: "
                + "[USER@]HOST[:PORT]. It must be able to log in on the others, by your agent.",
            valueName: "host"))
    var coordinator: String?

    @Option(
        help: ArgumentHelp(
            "Port on which the coordinator listens. (default: a free one)", valueName: "port"))
    var port: UInt16?

    @Option(
        help: ArgumentHelp(
            "Address or name by which the machines reach the coordinator. (default: found out)",
            valueName: "address"))
    var address: String?

    @Flag(
        help: "Reach the coordinator through the ssh connections, where a firewall is in the way.")
    var tunnel = false

    @Option(
        help: ArgumentHelp(
            "Folder that cluster/bundle has made, for machines with another processor; may be repeated.",
            valueName: "folder"))
    var program: [String] = []

    func validate() throws {
        switch [hosts, host, hostsCommand].compactMap(\.self).count {
        case 0: throw ValidationError("name the machines with --hosts, --host or --hosts-command")
        case 1: break
        default: throw ValidationError("--hosts, --host and --hosts-command exclude one another")
        }
        if tunnel, address != nil {
            throw ValidationError("--tunnel needs no --address")
        }
        if let address {
            do throws(SocketError) {
                _ = try Endpoint(Rendezvous.endpoint(address, 1), for: .connect)
            } catch {
                throw ValidationError(plainText("--address \(address): \(error.reason)"))
            }
        }
        if port == 0 { throw ValidationError("--port must be from 1 to 65535, not 0") }
    }

    /// The source of the list of machines.
    func source() throws -> HostSource {
        if let host { return .fixed(try HostList(option: host)) }
        if let hosts { return .file(hosts) }
        return .command(hostsCommand ?? "")
    }

    /// The machine to run the coordinator; nil for this one.
    func coordinatorHost() throws -> Host? { try coordinator.map { try Host(login: $0) } }

    /// The programs for the machines.
    func programs() async throws -> [RemoteProgram] {
        let own = try await RemoteProgram(at: OwnExecutable.path)
        return try program.map { try RemoteProgram(bundle: $0) } + [own]
    }

    /// The options with leading spaces for another command line.
    var text: String {
        let named: [(String, String?)] = [
            ("hosts", hosts), ("host", host), ("hosts-command", hostsCommand),
            ("port", port.map { "\($0)" }), ("address", address),
        ]
        return named.map { name, value in value.map { " --\(name) \(shellWord($0))" } ?? "" }
            .joined() + (tunnel ? " --tunnel" : "")
            + program.map { " --program \(shellWord($0))" }.joined()
    }
}
