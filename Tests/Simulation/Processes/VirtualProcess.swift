/// What all virtual processes have in common: they can be killed, stopped and continued.
class VirtualProcess {
    unowned let world: World
    /// Who this is, in traces.
    let name: String
    /// Whether it has neither ended nor been killed.
    private(set) var isAlive = true
    /// Whether it handles nothing until it is continued (SIGSTOP).
    private(set) var isStopped = false
    private var backlog: [() -> Void] = []

    init(_ world: World, name: String) {
        self.world = world
        self.name = name
    }

    /// Lets something happen to the process: now, once it is continued, or, if it is gone, never.
    func handle(_ event: @escaping () -> Void) {
        guard isAlive else { return }
        if isStopped {
            backlog.append(event)
            world.maxima.backlog = max(world.maxima.backlog, backlog.count)
        } else {
            event()
        }
    }

    /// Lets something happen to the process after a while.
    func after(_ delay: Duration, _ event: @escaping () -> Void) {
        world.queue.plan(after: delay) { [self] in handle(event) }
    }

    /// SIGSTOP.
    func stop() { isStopped = true }

    /// SIGCONT: what came up meanwhile is handled now.
    func resume() {
        isStopped = false
        let events = backlog
        backlog = []
        for event in events { handle(event) }
    }

    /// The process is no more.
    func end() {
        isAlive = false
        isStopped = false
        backlog = []
    }

    /// Writes a line of the trace.
    func trace(_ what: @autoclosure () -> String) { world.trace(name, what()) }
}
