import Glibc
import ZeroMQ

/// Measures the routes to several endpoints at once, with a ``ProbeServer`` at each.
public struct RouteProbe: Sendable {
    private let endpoints: [Endpoint]
    private let token: ProbeToken
    private let start: ContinuousClock.Instant

    /// The timeout of an answer.
    private static let patience = Duration.seconds(2)
    /// How long the bandwidth measurement waits for endpoints that have not answered yet.
    private static let courtesy = Duration.seconds(1)
    /// The time limit of the whole measurement.
    private static let length = Duration.seconds(2.3)
    /// The maximum duration of each transfer, if time allows.
    private static let longestTransfer = Duration.seconds(0.35)

    /// A measurement of TCP endpoints; all time limits count from `start`.
    public init(
        _ endpoints: [Endpoint], token: ProbeToken, start: ContinuousClock.Instant = .now
    ) {
        (self.endpoints, self.token, self.start) = (endpoints, token, start)
    }

    private enum Event: Sendable {
        case reached(Int, Result<Reached, RouteFailure>)
        case courtesyOver
        case measured(Int, Bandwidth?)
    }

    private struct Reached: Sendable {
        let connection: ProbeConnection
        let roundTrip: Double
    }

    /// Measures the round trips to all endpoints, and the bandwidth to the first one reached.
    public func measure() async -> [Route] {
        await withTaskGroup(of: Event.self) { group in
            for index in endpoints.indices {
                group.addTask {
                    await NativeThread.run(name: "tern-route") {
                        .reached(index, reach(endpoints[index]))
                    }
                }
            }
            group.addTask {
                try? await Task.sleep(until: start + Self.courtesy, clock: .continuous)
                return .courtesyOver
            }
            return await routes(&group)
        }
    }

    private func routes(_ group: inout TaskGroup<Event>) async -> [Route] {
        var speeds: [Int: Finding<RouteSpeed>] = [:]
        var reached: [(index: Int, Reached)] = []
        var (isWaiting, isMeasured) = (true, false)
        for await event in group {
            switch event {
            case .reached(let index, .success(let success)):
                reached.append((index, success))
                speeds[index] = .found(RouteSpeed(roundTrip: success.roundTrip))
            case .reached(let index, .failure(let failure)):
                speeds[index] = .failed(failure.reason)
            case .courtesyOver: isWaiting = false
            case .measured(let index, let bandwidth):
                guard let speed = speeds[index]?.value else { break }
                speeds[index] = .found(
                    RouteSpeed(roundTrip: speed.roundTrip, bandwidth: bandwidth))
            }
            // Only the sleep reacts to cancellation.
            if speeds.count == endpoints.count { group.cancelAll() }
            guard !isMeasured, !isWaiting || speeds.count == endpoints.count,
                let (index, first) = reached.min(by: { $0.index < $1.index })
            else { continue }
            isMeasured = true
            group.addTask {
                await NativeThread.run(name: "tern-route") {
                    .measured(index, bandwidth(first.connection))
                }
            }
        }
        return endpoints.enumerated().map { index, endpoint in
            Route(
                endpoint: endpoint.text,
                speed: speeds[index] ?? .failed(RouteFailure.silence.reason))
        }
    }

    private func reach(_ endpoint: Endpoint) -> Result<Reached, RouteFailure> {
        let end = start + Self.patience
        do throws(RouteFailure) {
            let connection = try ProbeConnection(
                try addresses(of: endpoint, until: end), port: endpoint.port, token: token,
                until: end)
            return .success(
                Reached(connection: connection, roundTrip: try connection.roundTrip(until: end)))
        } catch {
            return .failure(error)
        }
    }

    private func addresses(
        of endpoint: Endpoint, until end: ContinuousClock.Instant
    ) throws(RouteFailure) -> [HostAddress] {
        switch endpoint.host {
        case .address(let address): return [address]
        case .name(let name):
            switch NameLookUp.addresses(of: name, until: end) {
            case .success(let addresses)?: return addresses
            case .failure(let unknown)?: throw RouteFailure(reason: "\(unknown)")
            case nil:
                throw RouteFailure(
                    reason: "the name \(name) cannot be resolved within 2 s: no name server answers"
                )
            }
        case .any, nil: preconditionFailure("only a host's endpoint can be dialled")
        }
    }

    private func bandwidth(_ connection: ProbeConnection) -> Bandwidth? {
        let end = start + Self.length
        let length = min(Self.longestTransfer, max(.zero, end - .now) / 2)
        guard let download = connection.download(for: length),
            let upload = try? connection.again(until: end).upload(for: length)
        else { return nil }
        return Bandwidth(upload: upload.own, uploadOfAll: upload.all, download: download)
    }
}
