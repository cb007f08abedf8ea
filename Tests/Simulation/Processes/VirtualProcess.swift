/// The base of all virtual processes: they can be killed, stopped and continued.
class VirtualProcess {
    unowned let world: World
    /// The name in traces.
    let name: String
    /// Whether it has neither ended nor been killed.
    private(set) var isAlive = true
    /// Whether the process is suspended (SIGSTOP) and queues its events.
    private(set) var isStopped = false
    private var backlog: [() -> Void] = []

    init(_ world: World, name: String) {
        self.world = world
        self.name = name
    }

    /// Handles an event now, or once the process is continued; never if it has ended.
    func handle(_ event: @escaping () -> Void) {
        guard isAlive else { return }
        if isStopped {
            backlog.append(event)
            world.maxima.backlog = max(world.maxima.backlog, backlog.count)
        } else {
            event()
        }
    }

    /// Handles an event after a delay.
    func after(_ delay: Duration, _ event: @escaping () -> Void) {
        world.queue.plan(after: delay) { [self] in handle(event) }
    }

    /// SIGSTOP.
    func stop() { isStopped = true }

    /// SIGCONT: handles the events that were queued meanwhile.
    func resume() {
        isStopped = false
        let events = backlog
        backlog = []
        for event in events { handle(event) }
    }

    /// Ends the process.
    func end() {
        isAlive = false
        isStopped = false
        backlog = []
    }

    /// Writes a line of the trace.
    func trace(_ what: @autoclosure () -> String) { world.trace(name, what()) }
}
