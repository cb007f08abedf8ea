import Keys
import ZeroMQ

// Who may join: the list may change while the run goes on.

extension CoordinatorSocket {
    /// Reads the list again if it has changed.
    func lookAtList() {
        guard let door, let change = door.watch?.poll() else { return }
        switch change {
        case .success(let list):
            let gone = door.keeper.update(list)
            driver.report(
                .allowListChanged(workers: list.workers.count, removed: gone.map { "\($0.name)" }))
            for worker in gone { revoke(worker) }
        case .failure(let error): driver.report(.allowListUnusable("\(error)"))
        }
    }

    /// Ends the connections of a worker that is not on the list any more.
    private func revoke(_ worker: AllowedWorker) {
        let peers = driver.machine.members.filter { $0.caller == worker }.map(\.peer)
        for peer in peers {
            outboxes[peer] = nil
            driver.handle { $0.lose(peer, reason: "its credential was removed", now: $1) }
            socket.cutOff(peer)
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
            socket.cutOff(peer)
            return (false, nil)
        }
        return (true, worker)
    }
}
