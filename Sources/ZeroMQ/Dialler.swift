import CZeroMQ

/// Dials a host name's addresses one after another, and looks the name up again for each round.
///
/// libzmq would take a name's first address only, even if nobody answers there. Here it gets one
/// address at a time, because a socket with two connections to the same peer would distribute its
/// messages over both.
final class Dialler {
    private struct Attempt {
        let address: HostAddress
        /// The endpoint that libzmq dials.
        let target: String
        /// The addresses to try after it in this round.
        let next: ArraySlice<HostAddress>
        var isConnected = false
    }

    private unowned let socket: Socket
    private let endpoint: Endpoint
    private let name: String
    private var attempt: Attempt?
    /// The pause before the next round.
    private var pause: Duration
    /// Whether a look-up has finished.
    private var hasLookedUp = false
    /// The address reached last: it is tried first as long as the name has it.
    private var reached: HostAddress?

    init(_ endpoint: Endpoint, name: String, for socket: Socket) {
        self.socket = socket
        self.endpoint = endpoint
        self.name = name
        pause = socket.options.reconnectInterval
    }

    /// Starts a round.
    func lookUp() {
        let lookUp = NameLookUp(name)
        guard lookUp.result == nil else { return finish(lookUp) }
        socket.thread.attach(fileDescriptor: lookUp.fileDescriptor) { [weak self] in
            // The socket may have been closed meanwhile.
            guard let self, socket.raw != nil else { return }
            socket.thread.detach(fileDescriptor: lookUp.fileDescriptor)
            finish(lookUp)
        }
        // The first look-up may take tens of seconds: report it, because nothing else happens until
        // then.
        guard !hasLookedUp else { return }
        socket.thread.schedule(after: .seconds(1)) { [weak self] in
            guard let self, socket.raw != nil, !hasLookedUp else { return }
            let detail = "the name \(name) is being looked up, and no name server answers"
            socket.report(MonitorEvent(.unresolved, endpoint.text, detail: detail))
        }
    }

    private func finish(_ lookUp: NameLookUp) {
        hasLookedUp = true
        switch lookUp.result {
        case .success(let addresses)?:
            let preferred = addresses.filter { $0 == reached }
            dialNext((preferred + addresses.filter { $0 != reached })[...])
        case .failure(let reason)?:
            rest()
            socket.report(MonitorEvent(.unresolved, endpoint.text, detail: "\(reason)"))
        case nil: break
        }
    }

    private func dialNext(_ addresses: ArraySlice<HostAddress>) {
        attempt = nil
        var addresses = addresses
        while let address = addresses.popFirst() {
            let target = address.endpoint(port: endpoint.port)
            guard socket.dial(target, isIPv6: address.isIPv6) else { continue }
            attempt = Attempt(address: address, target: target, next: addresses)
            return socket.report(MonitorEvent(.dialling, target, detail: nil))
        }
        rest()
    }

    /// Waits for the next round, longer each time.
    private func rest() {
        attempt = nil
        socket.thread.schedule(after: pause) { [weak self] in
            guard let self, socket.raw != nil else { return }
            lookUp()
        }
        let longest = socket.options.maximumReconnectInterval ?? pause
        pause = max(pause, min(pause * 2, longest))
    }

    /// Handles an event of the socket's connections.
    func heard(_ event: MonitorEvent) {
        guard let attempt, event.endpoint == attempt.target else { return }
        if event.kind == .handshakeSucceeded {
            self.attempt?.isConnected = true
            reached = attempt.address
            pause = socket.options.reconnectInterval
        }
        // Either event means that no peer is there, or not any more.
        guard event.kind == .retrying || event.isFinal else { return }
        socket.hangUp(attempt.target)
        // A peer that was there may come back, or have moved.
        if attempt.isConnected { rest() } else { dialNext(attempt.next) }
    }
}
