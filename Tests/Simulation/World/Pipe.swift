/// One direction of a connection: keeps its order, as TCP does, and takes its time.
final class Pipe<Message> {
    private unowned let world: World
    private let isCut: () -> Bool
    private let arrive: (Message?) -> Void
    /// The messages on their way; a nil tells the other side that there will be no more.
    private var inFlight: [Message?] = []
    private var isMoving = false
    /// Whether nothing more can be sent.
    private(set) var isClosed = false

    /// A pipe that hands messages to `arrive`, and a nil at the end, unless it is cut.
    init(
        _ world: World, isCut: @escaping () -> Bool, arrive: @escaping (Message?) -> Void
    ) {
        self.world = world
        self.isCut = isCut
        self.arrive = arrive
    }

    /// Sends a message; false if too many are on their way.
    func send(_ message: Message) -> Bool {
        guard inFlight.count < world.schedule.room else { return false }
        inFlight.append(message)
        world.maxima.inFlight = max(world.maxima.inFlight, inFlight.count)
        move()
        return true
    }

    /// Tells the other side, behind what is on its way, that there will be no more.
    ///
    /// - Parameter isBreak: whether some of what is on its way, the latest first, is lost.
    func close(isBreak: Bool) {
        guard !isClosed else { return }
        isClosed = true
        if isBreak { inFlight.removeLast(world.random.below(inFlight.count + 1)) }
        inFlight.append(nil)
        move()
    }

    /// Goes on after a cut.
    func move() {
        guard !isMoving, !isCut(), !inFlight.isEmpty else { return }
        isMoving = true
        world.queue.plan(after: world.latency()) { [self] in
            isMoving = false
            // A cut that came meanwhile holds the message; what is lost by a break is gone.
            guard !isCut(), !inFlight.isEmpty else { return }
            world.activity += 1
            arrive(inFlight.removeFirst())
            move()
        }
    }
}
