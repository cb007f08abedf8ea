import ZeroMQ

/// Admits the workers of a list, and names those whose connections must end when it changes.
public final class Gatekeeper: Sendable {
    private struct State {
        var list: AllowList
        var rates = ConnectionRates()
    }
    private let state: Locked<State>
    private let start = ContinuousClock.now

    /// A gatekeeper with a list of the workers that may join.
    public init(_ list: AllowList) { state = Locked(State(list: list)) }

    /// The gate of a socket.
    public var gate: Gate { Gate { [self] in decide($0) } }

    /// Decides on a connection whose peer holds a public key's secret.
    package func decide(_ publicKey: [UInt8]) -> Gate.Decision {
        state.withLock { state in
            guard let worker = state.list.worker(publicKey: publicKey) else { return .refuse }
            let isInTime = state.rates.take(worker, now: .now - start)
            return isInTime ? .admit(worker.user) : .refuseForNow
        }
    }

    /// The worker whose connections carry this user's name; nil if it may not join any more.
    public func worker(user: String) -> AllowedWorker? {
        state.withLock { $0.list.worker(user: user) }
    }

    /// Replaces the list.
    ///
    /// - Returns: the workers that are no longer on it; their connections must end.
    public func update(_ list: AllowList) -> [AllowedWorker] {
        state.withLock { state in
            let gone = state.list.workers.filter { list.worker(user: $0.user) == nil }
            state.list = list
            state.rates.keep(list)
            return gone
        }
    }
}
