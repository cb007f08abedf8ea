import Keys
import ZeroMQ

/// Who may join a coordinator: the holders of credentials that its list names.
///
/// A list beside the key is read again when it changes.
public struct Door: Sendable {
    /// How often the list's file is looked at.
    static let interval = Duration.milliseconds(100)

    /// The coordinator's key.
    public let key: CoordinatorKey
    /// How many workers may join, as the list was at the beginning.
    public let workerCount: Int
    let keeper: Gatekeeper
    /// What watches the list beside the key; nil where the key itself says who may join.
    let watch: AllowListWatch?

    /// The door of a coordinator with a key.
    ///
    /// - Throws: ``KeyError`` if the list cannot be used.
    public init(_ key: CoordinatorKey) throws(KeyError) {
        self.key = key
        let list: AllowList
        if let workers = key.workers {
            (list, watch) = (workers, nil)
        } else {
            let watch = try AllowListWatch(path: key.listPath)
            (list, self.watch) = (watch.list, watch)
        }
        workerCount = list.workers.count
        keeper = Gatekeeper(list)
    }

    var encryption: Encryption { key.encryption(keeper.gate) }
}

extension Coordinator {
    /// Reads the list again if it has changed.
    func lookAtList() {
        guard let door, let change = door.watch?.poll() else { return }
        switch change {
        case .success(let list):
            let gone = door.keeper.update(list)
            report(
                .allowListChanged(workers: list.workers.count, removed: gone.map { "\($0.name)" }))
            for worker in gone { revoke(worker) }
        case .failure(let error): report(.allowListUnusable("\(error)"))
        }
    }

    /// Ends the connections of a worker that is not on the list any more.
    private func revoke(_ worker: AllowedWorker) {
        let peers = machine.members.filter { $0.caller == worker }.map(\.peer)
        for peer in peers {
            outboxes[peer] = nil
            perform(machine.lose(peer, reason: "its credential was removed", now: now))
            socket?.cutOff(peer)
        }
    }

    /// Who a peer's message comes from, by the credential that it has proved to hold.
    ///
    /// - Returns: false where that credential was removed; the connection is ended then.
    func isAllowed(_ user: String?, _ peer: PeerIdentity) -> (
        isAllowed: Bool, caller: AllowedWorker?
    ) {
        guard let door else { return (true, nil) }
        guard let user, let worker = door.keeper.worker(user: user) else {
            socket?.cutOff(peer)
            return (false, nil)
        }
        return (true, worker)
    }
}
