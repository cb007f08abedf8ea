/// A machine on which a worker may run.
final class Host {
    /// Its name.
    let name: String
    /// The worker that runs here, or ran here last.
    var worker: WorkerProcess?
    /// Whether no message leaves or reaches it.
    var isCut = false
    /// How many times longer than usual a computation takes.
    var slowness = 1
    /// Whether no computation ends.
    var isComputingForEver = false
    /// Whether its worker says again what it has said before.
    var isRepeating = false {
        didSet { hasRepeated = hasRepeated || isRepeating }
    }
    private var hasRepeated = false
    /// Whether what its worker says is damaged on the way.
    var isDamaging = false {
        didSet { hasDamaged = hasDamaged || isDamaging }
    }
    private var hasDamaged = false
    /// Whether it has said what nothing asked for, and so may have been put out.
    var mayBePutOut: Bool { hasRepeated || hasDamaged }
    /// How much longer each of its computations takes, and how many times longer, always.
    var lateness: Duration = .zero
    var pace = 1
    /// The bit of a value that its worker flips where it lies alone.
    var lieBit: UInt32 = 1
    /// How its worker computes wrongly; nil where it does not.
    var liar: Liar?
    /// What its workers show of themselves; nil where each connection is another worker.
    var identity: String?
    /// Whether a worker that ends is started again.
    var restarts = true

    /// A machine without a worker.
    init(name: String) { self.name = name }

    /// Ends whatever troubles the machine.
    func calm() {
        isCut = false
        slowness = 1
        isComputingForEver = false
        isRepeating = false
        isDamaging = false
        restarts = true
    }
}
