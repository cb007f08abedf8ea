import Protocol
import ZeroMQ

// What is sent to the coordinator. What its queue has no room for waits, and so does all behind it.

extension Worker {
    func send(_ message: WorkerMessage, _ run: RunID) {
        // A hello is said again a second later, and a status is of no use later.
        let isWorthWaiting =
            switch message {
            case .hello, .status: false
            default: true
            }
        send([Frame(message.header(run: run))], waiting: isWorthWaiting)
    }

    /// Sends a message, now or, if it is worth `waiting` for that, as soon as there is room.
    ///
    /// There is none either where the connection is gone; when the monitor tells of that, what waits is
    /// dropped.
    func send(_ frames: [Frame], waiting: Bool = true) {
        guard let socket else { return }
        if outbox.isEmpty, socket.send(frames) == .sent { return }
        guard waiting else { return }
        outbox.add(frames, now: now)
        if !isFlushing { flushSoon() }
    }

    private func flushSoon() {
        isFlushing = true
        thread.schedule(after: .milliseconds(2)) {
            self.assumeIsolated { worker in
                worker.flush()
                worker.isFlushing = false
                if !worker.outbox.isEmpty {
                    worker.flushSoon()
                } else if let (slots, step) = worker.heldWork.take() {
                    worker.compute(slots, step: step)
                }
            }
        }
    }

    /// Sends what waits, as much as there is room for.
    func flush() {
        guard let socket else { return }
        outbox.flush(now: now) { socket.send($0) == .sent }
    }

    /// Computes a range once the sums of the one before have been sent, so that no more of them wait
    /// than one range has, however slow the network is.
    func computeOnceSent(_ slots: Range<Int>, step: Int) {
        if outbox.isEmpty { compute(slots, step: step) } else { heldWork = (slots, step) }
    }
}
