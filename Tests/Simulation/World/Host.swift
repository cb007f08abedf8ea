/// A machine that can run a worker.
final class Host {
    /// Its name.
    let name: String
    /// The worker that runs here, or ran here last.
    var worker: WorkerProcess?
    /// Whether its network is cut.
    var isCut = false
    /// The factor by which computations are slower than usual.
    var slowness = 1
    /// Whether computations never end.
    var isComputingForEver = false
    /// Whether its worker repeats its messages.
    var isRepeating = false {
        didSet { hasRepeated = hasRepeated || isRepeating }
    }
    private var hasRepeated = false
    /// Whether its worker's messages are damaged in transit.
    var isDamaging = false {
        didSet { hasDamaged = hasDamaged || isDamaging }
    }
    private var hasDamaged = false
    /// Whether it has sent unsolicited messages and so may have been dropped.
    var mayBeExpelled: Bool { hasRepeated || hasDamaged }
    /// The constant delay of each computation, and its constant slowdown factor.
    var lateness: Duration = .zero
    var pace = 1
    /// The bit of a value that its worker flips when it lies alone.
    var lieBit: UInt32 = 1
    /// How its worker lies; nil if it is honest.
    var liar: Liar?
    /// The identity of its workers; nil if each connection counts as another worker.
    var identity: String?
    /// Whether an ended worker is started again.
    var restarts = true

    /// A machine without a worker.
    init(name: String) { self.name = name }

    /// Ends all faults of the machine.
    func calm() {
        isCut = false
        slowness = 1
        isComputingForEver = false
        isRepeating = false
        isDamaging = false
        restarts = true
    }
}
