import TestSupport

/// A fault that is injected into a run.
enum Fault: String, CaseIterable {
    case killWorker = "kill -9 of a worker"
    case stopWorker = "SIGSTOP of a worker"
    case join = "a late join"
    case killCoordinator = "kill -9 of the coordinator"
}

/// The faults of a run and their times: a function of the seed and the number of faults alone.
struct Schedule {
    /// A fault, the fraction of the run's steps before it, and the worker that it hits.
    struct Entry {
        let fault: Fault
        let moment: Double
        /// An index among the live workers.
        let worker: Int
    }

    let isOverTCP: Bool
    let entries: [Entry]

    /// The schedule of a seed for a run that starts with this many workers.
    init(seed: UInt64, faults: Int, workers: Int) {
        var noise = SplitMix64(state: seed)
        isOverTCP = seed % 2 == 1
        var present = workers
        var entries: [Entry] = []
        for index in 0..<faults {
            let possible = Fault.allCases.filter { fault in
                switch fault {
                case .killWorker, .stopWorker: present > 1
                case .join: present <= workers
                case .killCoordinator: true
                }
            }
            let fault = possible[Int.random(in: 0..<possible.count, using: &noise)]
            let worker = Int.random(in: 0..<present, using: &noise)
            // The last fifth of the run leaves time to recover from the last fault.
            let moment =
                (Double(index) + Double.random(in: 0.1..<0.9, using: &noise))
                / Double(faults) * 0.8
            entries.append(Entry(fault: fault, moment: moment, worker: worker))
            switch fault {
            case .killWorker: present -= 1
            case .join: present += 1
            default: break
            }
        }
        self.entries = entries
    }
}
