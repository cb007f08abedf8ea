/// What a coordinator remembers of its workers by identity, including those that left.
///
/// Of absent workers it remembers a bounded number. It forgets the ones with fewest wrong sums first, and among
/// these the ones that left earliest. Forgetting is safe: a new worker may be a forgotten one, so its sums
/// count as unchecked since the earliest step for which that holds of any forgotten worker.
package struct KnownWorkers: Sendable {
    /// The most absent workers that are remembered.
    package static let mostAbsent = 1024

    private struct Record {
        /// The steps in which it sent a wrong sum.
        var strikes: [Int] = []
        /// Why it is banned; nil if it is not.
        var ban: String?
        /// Its sums in use that may be wrong.
        var doubtful = DoubtfulSums()
        /// How often it was too slow for any share.
        var timesOnStandby = 0
        /// Its open connections.
        var connections = 0
        /// The number of its last departure: later departures have greater numbers.
        var departure = 0
    }

    private var records: [WorkerIdentity: Record] = [:]
    private var absent = 0
    private var departures = 0
    /// The doubtful sums of forgotten workers.
    private var forgotten = DoubtfulSums()

    /// How many workers have sent a wrong sum.
    private var liars = 0

    /// Whether any worker has sent a wrong sum.
    package var hasStrikes: Bool { liars > 0 }

    package init() {}

    /// How many are remembered.
    package var count: Int { records.count }

    /// Adds a connection of a worker, which may have others.
    package mutating func join(_ identity: WorkerIdentity) {
        if records[identity]?.connections == 0 { absent -= 1 }
        records[identity, default: Record(doubtful: forgotten)].connections += 1
    }

    /// Removes a connection of a worker.
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
        forgotten.formUnion(next.value.doubtful)
    }

    // MARK: - Strikes

    /// The steps in which a worker sent a wrong sum.
    package func strikes(of identity: WorkerIdentity) -> [Int] { records[identity]?.strikes ?? [] }

    /// Records a wrong sum; returns how many the worker has sent.
    package mutating func strike(_ identity: WorkerIdentity, step: Int) -> Int {
        if records[identity] == nil {
            records[identity] = Record(doubtful: forgotten)
            absent += 1
        }
        if strikes(of: identity).isEmpty { liars += 1 }
        records[identity]?.strikes.append(step)
        return strikes(of: identity).count
    }

    /// Why a worker is banned; nil if it is not.
    package func ban(of identity: WorkerIdentity) -> String? { records[identity]?.ban }

    /// Bans a worker.
    package mutating func ban(_ identity: WorkerIdentity, reason: String) {
        records[identity]?.ban = reason
    }

    // MARK: - Standby

    /// How often a worker was put on standby as too slow for any share.
    package func timesOnStandby(_ identity: WorkerIdentity) -> Int {
        records[identity]?.timesOnStandby ?? 0
    }

    /// Records that a worker goes on standby; returns how often it has.
    package mutating func noteStandby(_ identity: WorkerIdentity) -> Int {
        records[identity]?.timesOnStandby += 1
        return timesOnStandby(identity)
    }

    // MARK: - Sums that may be wrong

    /// The first step that used an unchecked sum of a worker.
    package func uncheckedSince(_ identity: WorkerIdentity) -> Int? {
        doubtful(identity).uncheckedSince
    }

    /// The first step that used a sum confirmed only by this worker and one other.
    package func confirmedSince(_ identity: WorkerIdentity) -> Int? {
        doubtful(identity).confirmedSince
    }

    private func doubtful(_ identity: WorkerIdentity) -> DoubtfulSums {
        records[identity]?.doubtful ?? forgotten
    }

    /// Records that a step uses an unchecked sum of a worker.
    package mutating func noteUnchecked(_ identity: WorkerIdentity, step: Int) {
        guard let record = records[identity], record.doubtful.uncheckedSince == nil else { return }
        records[identity]?.doubtful.uncheckedSince = step
    }

    /// Records that a step uses a sum on which its author and its auditor agree.
    package mutating func noteConfirmed(
        _ author: WorkerIdentity, by auditor: WorkerIdentity, step: Int
    ) {
        records[author]?.doubtful.noteAgreement(with: auditor, step: step)
        records[auditor]?.doubtful.noteAgreement(with: author, step: step)
    }

    /// The first step that cannot be trusted, given that some workers sent wrong sums.
    ///
    /// Their unchecked sums may be wrong. Two workers that both sent wrong sums may have confirmed each other,
    /// so sums on which only these two agreed count as unchecked.
    package func untrustedSince(_ wrong: [WorkerIdentity]) -> Int? {
        var steps = wrong.compactMap { doubtful($0).uncheckedSince }
        guard liars > 1 else { return steps.min() }
        for record in records.values where !record.strikes.isEmpty {
            let sums = record.doubtful
            steps += sums.agreedSince.filter { !strikes(of: $0.key).isEmpty }.map(\.value)
            steps += [sums.agreedWithOthersSince].compactMap(\.self)
        }
        return steps.min()
    }

    /// Goes back to `step`: the steps from it on are repeated.
    package mutating func rewind(to step: Int) {
        forgotten.rewind(to: step)
        for identity in records.keys { records[identity]?.doubtful.rewind(to: step) }
    }
}

/// The first steps that used sums of a worker which may be wrong.
private struct DoubtfulSums {
    /// The most partners that are remembered individually.
    private static let mostPartners = 256

    /// The first step that used an unchecked sum.
    var uncheckedSince: Int?
    /// The first step that used a sum confirmed by one other worker alone: by partner, and for all partners
    /// that are not remembered individually.
    private(set) var agreedSince: [WorkerIdentity: Int] = [:]
    private(set) var agreedWithOthersSince: Int?

    /// The first step that used a sum confirmed by any one other worker alone.
    var confirmedSince: Int? { Self.earlier(agreedSince.values.min(), agreedWithOthersSince) }

    mutating func noteAgreement(with other: WorkerIdentity, step: Int) {
        guard agreedSince[other] == nil else { return }
        if agreedSince.count < Self.mostPartners {
            agreedSince[other] = step
        } else {
            agreedWithOthersSince = agreedWithOthersSince ?? step
        }
    }

    /// Merges the doubtful sums of a forgotten worker.
    mutating func formUnion(_ other: DoubtfulSums) {
        uncheckedSince = Self.earlier(uncheckedSince, other.uncheckedSince)
        agreedWithOthersSince = Self.earlier(agreedWithOthersSince, other.confirmedSince)
    }

    private static func earlier(_ left: Int?, _ right: Int?) -> Int? {
        [left, right].compactMap(\.self).min()
    }

    mutating func rewind(to step: Int) {
        if let since = uncheckedSince, since >= step { uncheckedSince = nil }
        if let since = agreedWithOthersSince, since >= step { agreedWithOthersSince = nil }
        agreedSince = agreedSince.filter { $0.value < step }
    }
}
