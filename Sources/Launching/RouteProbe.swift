import Glibc
import ZeroMQ

/// Measures the ways to several endpoints at once, against a ``ProbeServer`` at each.
public struct RouteProbe: Sendable {
    private let endpoints: [Endpoint]
    private let token: ProbeToken
    private let start: ContinuousClock.Instant

    /// How long an answer is waited for.
    private static let patience = Duration.seconds(2)
    /// How long the bandwidth's measurement waits for endpoints that have not answered.
    private static let courtesy = Duration.seconds(1)
    /// When all is over.
    private static let length = Duration.seconds(2.3)
    /// How long each direction is measured, where there is time.
    private static let longestTransfer = Duration.seconds(0.35)

    /// A measurement of TCP endpoints; all of its time counts from `start`.
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

    /// Measures round trips to all endpoints, and the bandwidth to the first of them that is reached.
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
            // The sleep alone can be cancelled.
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
