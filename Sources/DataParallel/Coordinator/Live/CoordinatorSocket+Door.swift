import Keys
import ZeroMQ

// Admission by credential; the list may change during the run.

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

    /// Ends the connections of a worker that was removed from the list.
    private func revoke(_ worker: AllowedWorker) {
        let peers = driver.machine.members.filter { $0.caller == worker }.map(\.peer)
        for peer in peers {
            forget(peer)
            driver.handle { $0.lose(peer, reason: "its credential was removed", now: $1) }
            socket.cutOff(peer)
        }
    }

    /// Finds a message's sender by the credential that it has proved to hold.
    ///
    /// - Returns: false if that credential was removed; this also ends the connection.
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
