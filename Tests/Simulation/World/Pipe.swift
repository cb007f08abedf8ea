/// One direction of a connection: keeps the order, as TCP does, and delays messages.
final class Pipe<Message> {
    private unowned let world: World
    private let isCut: () -> Bool
    private let arrive: (Message?) -> Void
    /// The messages in flight; a nil tells the receiver that no more follow.
    private var inFlight: [Message?] = []
    private var isMoving = false
    /// Whether nothing more can be sent.
    private(set) var isClosed = false

    /// A pipe that delivers messages to `arrive`, with a nil at the end, unless it is cut.
    init(
        _ world: World, isCut: @escaping () -> Bool, arrive: @escaping (Message?) -> Void
    ) {
        self.world = world
        self.isCut = isCut
        self.arrive = arrive
    }

    /// Sends a message; false if too many are in flight.
    func send(_ message: Message) -> Bool {
        guard inFlight.count < world.schedule.room else { return false }
        inFlight.append(message)
        world.maxima.inFlight = max(world.maxima.inFlight, inFlight.count)
        move()
        return true
    }

    /// Tells the receiver, after the messages in flight, that no more follow.
    ///
    /// - Parameter isBreak: whether some of the messages in flight, the latest first, are lost.
    func close(isBreak: Bool) {
        guard !isClosed else { return }
        isClosed = true
        if isBreak { inFlight.removeLast(world.random.below(inFlight.count + 1)) }
        inFlight.append(nil)
        move()
    }

    /// Delivers again after a cut.
    func move() {
        guard !isMoving, !isCut(), !inFlight.isEmpty else { return }
        isMoving = true
        world.queue.plan(after: world.latency()) { [self] in
            isMoving = false
            // A cut in the meantime holds the message; a break may have lost it.
            guard !isCut(), !inFlight.isEmpty else { return }
            world.activity += 1
            arrive(inFlight.removeFirst())
            move()
        }
    }
}
