/// What a coordinator remembers of its workers by their identities, those that went among them.
///
/// Of workers that went it remembers a bounded number, and forgets first those that went first and
/// computed nothing wrongly. Forgetting is safe: a worker that is new may be one that was forgotten, so
/// its sums count as unchecked since the first step of which that is true of anybody forgotten.
package struct KnownWorkers: Sendable {
    /// The most workers that are remembered when they have gone.
    package static let mostAbsent = 1024

    private struct Record {
        /// The steps in which it computed wrongly.
        var strikes: [Int] = []
        /// Why it is not taken in any more.
        var ban: String?
        /// The first step in which a sum of it was used that nobody has checked.
        var uncheckedSince: Int?
        /// Its connections.
        var connections = 0
        /// Counts departures: the later it went, the greater.
        var departure = 0
    }

    private var records: [WorkerIdentity: Record] = [:]
    private var absent = 0
    private var departures = 0
    /// The first step with unchecked sums of workers that were forgotten.
    private var forgottenSince: Int?

    /// Whether anybody has computed wrongly.
    package private(set) var hasStrikes = false

    package init() {}

    /// How many are remembered.
    package var count: Int { records.count }

    /// A worker has joined, perhaps beside others of the same identity.
    package mutating func join(_ identity: WorkerIdentity) {
        if records[identity]?.connections == 0 { absent -= 1 }
        records[identity, default: Record(uncheckedSince: forgottenSince)].connections += 1
    }

    /// A worker has gone.
    package mutating func leave(_ identity: WorkerIdentity) {
        guard let connections = records[identity]?.connections, connections > 0 else { return }
        departures += 1
        records[identity]?.connections -= 1
        records[identity]?.departure = departures
        guard connections == 1 else { return }
        absent += 1
        while absent > Self.mostAbsent { forgetOne() }
    }

    private mutating func forgetOne() {
        let candidates = records.lazy.filter { $0.value.connections == 0 }
        // No two departures are equal, so the order of the table does not matter.
        guard
            let next = candidates.min(by: {
                ($0.value.strikes.count, $0.value.departure)
                    < ($1.value.strikes.count, $1.value.departure)
            })
        else { return }
        records[next.key] = nil
        absent -= 1
        if let since = next.value.uncheckedSince {
            forgottenSince = min(since, forgottenSince ?? since)
        }
    }

    // MARK: - Strikes

    /// The steps in which a worker computed wrongly.
    package func strikes(of identity: WorkerIdentity) -> [Int] { records[identity]?.strikes ?? [] }

    /// A worker has computed wrongly; with how often it has by now.
    package mutating func strike(_ identity: WorkerIdentity, step: Int) -> Int {
        hasStrikes = true
        if records[identity] == nil {
            records[identity] = Record()
            absent += 1
        }
        records[identity]?.strikes.append(step)
        return strikes(of: identity).count
    }

    /// Why a worker is not taken in any more; nil where it is.
    package func ban(of identity: WorkerIdentity) -> String? { records[identity]?.ban }

    /// A worker is not to be taken in any more.
    package mutating func ban(_ identity: WorkerIdentity, reason: String) {
        records[identity]?.ban = reason
    }

    // MARK: - Unchecked sums

    /// The first step in which a sum of a worker was used that nobody has checked.
    package func uncheckedSince(_ identity: WorkerIdentity) -> Int? {
        records[identity]?.uncheckedSince
    }

    /// A sum of a worker will be used in a step, and nobody checks it.
    package mutating func noteUnchecked(_ identity: WorkerIdentity, step: Int) {
        guard let record = records[identity], record.uncheckedSince == nil else { return }
        records[identity]?.uncheckedSince = step
    }

    /// The steps from `step` on are made again.
    package mutating func rewind(to step: Int) {
        func kept(_ since: Int?) -> Int? { since.flatMap { $0 < step ? $0 : nil } }
        forgottenSince = kept(forgottenSince)
        for (identity, record) in records {
            records[identity]?.uncheckedSince = kept(record.uncheckedSince)
        }
    }
}
