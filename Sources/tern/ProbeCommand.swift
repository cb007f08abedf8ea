import ArgumentParser
import Bounds
import DataParallel
import Files
import FoundationEssentials
import Glibc
import Kernels
import Launching
import Monitoring
import Protocol
import ZeroMQ

/// Measures this host for `tern launch`.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Measure this host, and its way to a coordinator, for tern launch.",
        discussion: """
            The first line of standard input is a token: 32 to 128 hexadecimal digits. With --serve it lets \
            those that have it measure their way to here, until standard input ends. Otherwise it is shown to \
            such a server at each --connect, and what is found is printed as one line of JSON.
            """,
        shouldDisplay: false)

    @Option(
        help: ArgumentHelp(
            "Where a server is to be reached: tcp://HOST:PORT; may be repeated.",
            valueName: "endpoint"))
    var connect: [String] = []

    @Option(
        help: ArgumentHelp(
            "Measure the lanes while so many compute. (default: the processors)",
            valueName: "number"))
    var lanes: Int?

    @Option(help: "Where Tern's files are to go. (default: ~/.cache/tern)")
    var folder: String?

    @Option(
        help: ArgumentHelp("Answer probes at this endpoint instead.", valueName: "endpoint"))
    var serve: String?

    /// More routes to one coordinator than any host has.
    private static let mostEndpoints = 32

    func validate() throws {
        if serve != nil, !connect.isEmpty || lanes != nil || folder != nil {
            throw ValidationError("--serve takes no other option")
        }
        if connect.count > Self.mostEndpoints {
            throw ValidationError("--connect can be repeated \(Self.mostEndpoints) times at most")
        }
        if let lanes { try require("lanes", lanes, in: 1...1024) }
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let endpoints = try command.connect.map { text in
                let endpoint = try Endpoint(text, for: .connect)
                guard endpoint.host != nil else {
                    throw Failure(
                        status: ExitStatus.usage, message: "only tcp://HOST:PORT can be probed")
                }
                return endpoint
            }
            guard let token = readLine().flatMap({ ProbeToken($0) }) else {
                throw Failure(
                    status: ExitStatus.usage,
                    message: "standard input must begin with a token: a line of 32 to 128 "
                        + "hexadecimal digits")
            }
            if let place = command.serve { return try await command.serve(place, token) }
            let lanes = command.lanes ?? Processors.allowed.count
            try ResourceNeed.ofProbe(lanes: lanes, endpoints: endpoints.count).secure()
            let start = ContinuousClock.now
            let lane = await laneRate(lanes: lanes)
            let routes = await RouteProbe(endpoints, token: token, start: start).measure()
            try Output.line(command.probe(lane, routes).line)
        }
    }

    private func serve(_ place: String, _ token: ProbeToken) async throws {
        try ResourceNeed.ofProbeServer.secure()
        var server = try await ProbeServer(Endpoint(place, for: .listen), token: token)
        try Output.line("listening on \(server.endpoint)")
        server.run(untilEndOf: STDIN_FILENO)
    }

    private func probe(_ lane: Finding<LaneRate>, _ routes: [Route]) -> HostProbe {
        let most = ByteCount.limits.range.upperBound
        return HostProbe(
            version: Tern.configuration.version, protocolVersion: protocolVersion, host: hostName(),
            architecture: machineArchitecture(), processor: processorModel(),
            processors: Processors.allowed.count, lane: lane,
            memory: min(FreeMemory().byteCount, most),
            folderSpace: min(freeSpace(at: folder ?? Self.cacheFolder), most),
            temporarySpace: min(freeSpace(at: Files.temporaryFolder), most),
            clock: Date.now.timeIntervalSince1970, routes: routes)
    }

    private static var cacheFolder: String {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty { return "\(folder)/tern" }
        return "\(environment["HOME"] ?? "")/.cache/tern"
    }
}
