import Monitoring

/// The results of all runs.
struct Ledger {
    /// The longest recovery allowed for a fault; faults without an entry have no limit.
    let bars: [Fault: Duration]
    private(set) var runs = 0
    /// The seeds of failed runs.
    private(set) var failedSeeds: [UInt64] = []
    private var recoveries: [Recovery] = []

    init(bars: [Fault: Duration]) { self.bars = bars }

    /// Whether all runs passed and no recovery took too long.
    var isGood: Bool { failedSeeds.isEmpty && Fault.allCases.allSatisfy { missed($0) == 0 } }

    /// Adds a recovery.
    mutating func add(_ recovery: Recovery) { recoveries.append(recovery) }

    /// Adds the result of a run.
    mutating func end(seed: UInt64, isGood: Bool) {
        runs += 1
        if !isGood { failedSeeds.append(seed) }
    }

    private func missed(_ fault: Fault) -> Int {
        guard let bar = bars[fault] else { return 0 }
        return recoveries.count { $0.fault == fault && $0.time > bar }
    }

    /// A table of the recoveries by kind of fault, and the results of the runs.
    var text: String {
        var table = TextTable("fault", "times", "median", "longest", "bar")
        for fault in Fault.allCases {
            let times = recoveries.filter { $0.fault == fault }.map(\.time).sorted()
            guard let longest = times.last else { continue }
            table.add(
                fault.rawValue, "\(times.count)", seconds(times[times.count / 2]), seconds(longest),
                bars[fault].map { bar in
                    let missed = missed(fault)
                    return "\(seconds(bar)): " + (missed == 0 ? "held" : "missed \(missed) times")
                } ?? "none")
        }
        let repeated = recoveries.map(\.repeatedSteps).max() ?? 0
        let failures =
            failedSeeds.isEmpty
            ? "all ended with the undisturbed sum, and nothing was left running"
            : "these seeds failed: " + failedSeeds.map { "\($0)" }.joined(separator: " ")
        return """
            \(table.text)
            \(runs) runs, \(recoveries.count) faults, at most \(repeated) steps made again; \
            \(failures)
            """
    }
}

/// A duration in seconds with three decimals.
func seconds(_ duration: Duration) -> String { "\(fixed(duration / .seconds(1), 3)) s" }
