import ArgumentParser
import Dashboard
import Files
import Glibc
import Keys
import Monitoring
import Watching
import ZeroMQ

/// Serves runs as web pages, and their metrics for Prometheus.
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show runs in a browser, and their metrics to Prometheus.",
        discussion: """
            It reads the run's folder while that grows, and changes nothing: training never waits \
            for a page or a scraper. Addresses: / for people; /metrics, /status.json, /events, \
            /healthz for programs.
            """)

    @Argument(
        help: ArgumentHelp("A run's folder, or one with runs in it.", valueName: "run-or-dir"))
    var path = "runs"

    @Option(
        help: ArgumentHelp(
            "Where to listen: ADDRESS:PORT; * for all addresses.", valueName: "address"))
    var listen = ListenAddress.loopback

    @Option(
        help: ArgumentHelp(
            "File with the token that readers need, which is made if there is none; must be given to "
                + "listen at an address that other machines reach.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Another name that this server goes by, such as that of a proxy before it; may be repeated.",
            valueName: "name"))
    var host: [String] = []

    @Flag(help: ArgumentHelp("End with the parent.", visibility: .hidden))
    var lifeline = false

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            try ResourceNeed.ofMonitor.secure()
            try await command.serve()
        }
    }

    /// Ends the process after the run's process, once open pages show the final state.
    private static func endWithParent(_ library: RunLibrary) {
        Lifeline.whenParentEnds {
            Task {
                await library.sendLastNews()
                // Leaves time to send the last output.
                try? await Task.sleep(for: .milliseconds(200))
                _exit(0)
            }
        }
    }

    private func serve() async throws {
        guard listen.isLoopback || tokenFile != nil else {
            throw Failure(
                status: ExitStatus.usage,
                message:
                    "--listen \(listen.text) can be reached from other machines: give --token-file "
                    + "FILE, which is made if there is none, or listen at 127.0.0.1")
        }
        let token = try tokenFile.map { try AccessToken(at: $0) }
        let library = try RunPlace.library(path, isRun: lifeline)
        let server: MonitorServer
        do throws(MonitorServer.ListenError) {
            server = try await MonitorServer(
                library, access: Access(token: token?.text, names: host), host: listen.host,
                port: listen.port)
        } catch {
            throw Failure(status: ExitStatus.unavailable, message: "\(error)")
        }
        if lifeline { Self.endWithParent(library) }
        try Output.line("showing \(shellWord(path))\(link(to: server, token))")
        // Waits for a signal to end the process.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    /// The server's URL, with the token only on a terminal, because others may read a log.
    private func link(to server: MonitorServer, _ token: AccessToken?) -> String {
        let link = "http://\(server.address)/"
        guard let token, let tokenFile else { return " at \(link)" }
        return isatty(STDOUT_FILENO) == 1
            ? " at \(link)?token=\(token.text)"
            : " to holders of the token in \(shellWord(tokenFile)) at \(link)"
    }
}

/// A host and port to listen on.
struct ListenAddress: ExpressibleByArgument {
    let host: String
    let port: Int

    static let loopback = ListenAddress(host: "127.0.0.1", port: 8460)

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self.init(host: host == "*" ? "0.0.0.0" : host, port: Int(port))
    }

    var defaultValueDescription: String { text }

    /// The form on a command line.
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether it is reachable only from this machine.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// Runs named on a command line.
enum RunPlace {
    /// The run, or the runs, at a path.
    ///
    /// - Parameter isRun: whether the path is known to be a run, even without files yet.
    /// - Throws: ``Failure`` if there is nothing there.
    static func library(_ path: String, isRun: Bool) throws -> RunLibrary {
        do throws(FileError) {
            return try RunLibrary(path, isRun: isRun)
        } catch {
            throw failure(error, path)
        }
    }

    /// A run; in a folder of runs, the one with the last name, which is the newest.
    ///
    /// - Throws: ``Failure`` if there is none.
    static func run(_ path: String) throws -> (watch: RunWatch, path: String) {
        do throws(FileError) {
            if RunList.isRun(path) { return (try RunWatch(path), path) }
            let list = try RunList(path)
            guard let newest = try list.names().last, let run = list.run(newest) else {
                throw FileError(operation: "read", path: path, code: ENOENT)
            }
            return (RunWatch(run), run.path)
        } catch {
            throw failure(error, path)
        }
    }

    static func failure(_ error: FileError, _ path: String) -> Failure {
        guard error.code == ENOENT || error.code == ENOTDIR else {
            return Failure(status: ExitStatus.fileTrouble, message: "\(error)")
        }
        return Failure(
            status: ExitStatus.noInput,
            message: "\(path) holds no run: give the folder of a run, or one with runs in it")
    }
}
