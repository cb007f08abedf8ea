import Glibc
import ZeroMQ

/// Why a route could not be measured.
struct RouteFailure: Error, Equatable {
    let reason: String

    /// No answer came in time.
    static let silence = RouteFailure(reason: "no answer within 2 s: a firewall may be in the way")
}

/// A connection to a ``ProbeServer`` that measures the route.
struct ProbeConnection: Sendable {
    private let socket: TCPSocket
    private let addresses: [HostAddress]
    private let port: UInt16
    private let token: ProbeToken

    /// The maximum number of addresses to dial per name.
    private static let mostAddresses = 8

    /// Dials all addresses at once, and greets the server at the first one that answers.
    init(
        _ addresses: [HostAddress], port: UInt16, token: ProbeToken,
        until end: ContinuousClock.Instant
    ) throws(RouteFailure) {
        (self.addresses, self.port, self.token) = (addresses, port, token)
        socket = try Self.dial(addresses.prefix(Self.mostAddresses), port: port, until: end)
        guard send(ProbeProtocol.greeting(token), until: end) else { throw Self.stranger }
        let answer = try receive(ProbeProtocol.answer.count, until: end)
        guard answer == ProbeProtocol.answer else { throw Self.stranger }
    }

    /// A second connection to the same server.
    func again(until end: ContinuousClock.Instant) throws(RouteFailure) -> ProbeConnection {
        try ProbeConnection(addresses, port: port, token: token, until: end)
    }

    private static let stranger = RouteFailure(
        reason: "another program listens there: the port is taken, or the way leads elsewhere")

    private static func dial(
        _ addresses: ArraySlice<HostAddress>, port: UInt16, until end: ContinuousClock.Instant
    ) throws(RouteFailure) -> TCPSocket {
        var dialled: [TCPSocket] = []
        var error: SystemError?
        for address in addresses {
            do throws(SystemError) {
                dialled.append(try .dialling(address, port: port))
            } catch let failure {
                error = failure
            }
        }
        while !dialled.isEmpty {
            var states = dialled.map {
                pollfd(fd: $0.descriptor, events: Int16(POLLOUT), revents: 0)
            }
            guard poll(&states, states.count, until: end) > 0 else { throw .silence }
            for (socket, state) in zip(dialled, states) where state.revents != 0 {
                guard let failure = socket.connectError else { return socket }
                error = failure
                dialled.removeAll { $0 === socket }
            }
        }
        switch error?.code {
        case ECONNREFUSED: throw RouteFailure(reason: "refused: nothing listens at that port")
        case ETIMEDOUT: throw .silence
        default: throw RouteFailure(reason: error?.description ?? "the name has no address")
        }
    }

    // MARK: - Measuring

    /// The median round trip of one byte in seconds, from up to 21 in a third of a second.
    func roundTrip(until end: ContinuousClock.Instant) throws(RouteFailure) -> Double {
        let enough = ContinuousClock.now + .milliseconds(300)
        var times: [Duration] = []
        repeat {
            let start = ContinuousClock.now
            guard send([ProbeProtocol.Request.echo.rawValue], until: end) else {
                throw Self.stranger
            }
            _ = try receive(1, until: end)
            times.append(.now - start)
        } while times.count < 21 && .now < enough
        return times.sorted()[times.count / 2] / .seconds(1)
    }

    /// The bytes a second that arrive at the server, from here and from all concurrent uploads.
    func upload(for length: Duration) -> (own: Double, all: Double)? {
        // Drops what a slow route has not carried by then.
        defer { socket.end() }
        let start = ContinuousClock.now
        let end = start + length
        guard send([ProbeProtocol.Request.upload.rawValue], until: end) else { return nil }
        var meters: (own: RateMeter, all: RateMeter)?
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        while case let now = ContinuousClock.now, now < end {
            guard socket.wait(for: POLLIN | POLLOUT, until: end),
                socket.send(ProbeProtocol.noise[...]) != nil,
                let count = socket.receive(into: &buffer)
            else { break }
            bytes += buffer.prefix(count)
            let whole = bytes.count / UploadReport.size * UploadReport.size
            guard whole > 0 else { continue }
            let report = UploadReport(bytes[..<whole].suffix(UploadReport.size))
            bytes.removeFirst(whole)
            let (own, all) = (Int(clamping: report.own), Int(clamping: report.all))
            if meters == nil {
                // Does not count the others' earlier bytes.
                meters = (
                    RateMeter(from: start, for: length),
                    RateMeter(from: now, for: end - now, bytes: all)
                )
            }
            meters?.own.note(own, at: now)
            meters?.all.note(all, at: now)
        }
        guard let own = meters?.own.bytesPerSecond else { return nil }
        return (own, max(own, meters?.all.bytesPerSecond ?? 0))
    }

    /// The bytes a second that arrive here.
    func download(for length: Duration) -> Double? {
        // Otherwise the server keeps sending and disturbs the next measurement.
        defer { socket.end() }
        let start = ContinuousClock.now
        let end = start + length
        guard send([ProbeProtocol.Request.download.rawValue], until: end) else { return nil }
        var meter = RateMeter(from: start, for: length)
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while socket.wait(for: POLLIN, until: end), .now < end {
            guard let count = socket.receive(into: &buffer) else { break }
            total += count
            meter.note(total, at: .now)
        }
        return meter.bytesPerSecond
    }

    // MARK: - Bytes

    private func send(_ bytes: [UInt8], until end: ContinuousClock.Instant) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard socket.wait(for: POLLOUT, until: end), let count = socket.send(rest) else {
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func receive(
        _ count: Int, until end: ContinuousClock.Instant
    ) throws(RouteFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard socket.wait(for: POLLIN, until: end) else { throw .silence }
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            guard let received = socket.receive(into: &buffer) else { throw Self.stranger }
            bytes += buffer.prefix(received)
        }
        return bytes
    }
}
