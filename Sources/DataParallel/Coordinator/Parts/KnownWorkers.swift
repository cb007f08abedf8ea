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
        /// Its sums that are used although they may be wrong.
        var doubtful = DoubtfulSums()
        /// How often it was too slow for any share.
        var timesOnStandby = 0
        /// Its connections.
        var connections = 0
        /// Counts departures: the later it went, the greater.
        var departure = 0
    }

    private var records: [WorkerIdentity: Record] = [:]
    private var absent = 0
    private var departures = 0
    /// Those of workers that were forgotten.
    private var forgotten = DoubtfulSums()

    /// How many workers have computed wrongly.
    private var liars = 0

    /// Whether anybody has computed wrongly.
    package var hasStrikes: Bool { liars > 0 }

    package init() {}

    /// How many are remembered.
    package var count: Int { records.count }

    /// A worker has joined, perhaps beside others of the same identity.
    package mutating func join(_ identity: WorkerIdentity) {
        if records[identity]?.connections == 0 { absent -= 1 }
        records[identity, default: Record(doubtful: forgotten)].connections += 1
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
        forgotten.formUnion(next.value.doubtful)
    }

    // MARK: - Strikes

    /// The steps in which a worker computed wrongly.
    package func strikes(of identity: WorkerIdentity) -> [Int] { records[identity]?.strikes ?? [] }

    /// A worker has computed wrongly; with how often it has by now.
    package mutating func strike(_ identity: WorkerIdentity, step: Int) -> Int {
        if records[identity] == nil {
            records[identity] = Record(doubtful: forgotten)
            absent += 1
        }
        if strikes(of: identity).isEmpty { liars += 1 }
        records[identity]?.strikes.append(step)
        return strikes(of: identity).count
    }

    /// Why a worker is not taken in any more; nil where it is.
    package func ban(of identity: WorkerIdentity) -> String? { records[identity]?.ban }

    /// A worker is not to be taken in any more.
    package mutating func ban(_ identity: WorkerIdentity, reason: String) {
        records[identity]?.ban = reason
    }

    // MARK: - Standby

    /// How often a worker has been too slow for any share.
    package func timesOnStandby(_ identity: WorkerIdentity) -> Int {
        records[identity]?.timesOnStandby ?? 0
    }

    /// A worker is too slow for any share; with how often it has been by now.
    package mutating func noteStandby(_ identity: WorkerIdentity) -> Int {
        records[identity]?.timesOnStandby += 1
        return timesOnStandby(identity)
    }

    // MARK: - Sums that may be wrong

    /// The first step in which a sum of a worker was used that nobody has checked.
    package func uncheckedSince(_ identity: WorkerIdentity) -> Int? {
        doubtful(identity).uncheckedSince
    }

    /// The first step in which a sum was used of which a worker and one other alone say that it is right.
    package func confirmedSince(_ identity: WorkerIdentity) -> Int? {
        doubtful(identity).confirmedSince
    }

    private func doubtful(_ identity: WorkerIdentity) -> DoubtfulSums {
        records[identity]?.doubtful ?? forgotten
    }

    /// A sum of a worker will be used in a step, and nobody checks it.
    package mutating func noteUnchecked(_ identity: WorkerIdentity, step: Int) {
        guard let record = records[identity], record.doubtful.uncheckedSince == nil else { return }
        records[identity]?.doubtful.uncheckedSince = step
    }

    /// A sum will be used in a step on which its author and its auditor agree.
    package mutating func noteConfirmed(
        _ author: WorkerIdentity, by auditor: WorkerIdentity, step: Int
    ) {
        records[author]?.doubtful.noteAgreement(with: auditor, step: step)
        records[auditor]?.doubtful.noteAgreement(with: author, step: step)
    }

    /// The first step that cannot be trusted, now that some workers have computed wrongly.
    ///
    /// What nobody has checked of theirs may be wrong. And where two workers have computed wrongly, they may
    /// have confirmed each other: what those two alone agreed on counts as unchecked.
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

    /// The steps from `step` on are made again.
    package mutating func rewind(to step: Int) {
        forgotten.rewind(to: step)
        for identity in records.keys { records[identity]?.doubtful.rewind(to: step) }
    }
}

/// Since when sums of a worker are used that may be wrong.
private struct DoubtfulSums {
    /// The workers that are remembered each for itself.
    private static let mostPartners = 256

    /// The first step in which one was used that nobody has checked.
    var uncheckedSince: Int?
    /// The first step in which one was used that it and another worker alone say is right, by that worker;
    /// and by any that is not remembered.
    private(set) var agreedSince: [WorkerIdentity: Int] = [:]
    private(set) var agreedWithOthersSince: Int?

    /// The first step in which one was used that it and any one worker alone say is right.
    var confirmedSince: Int? { Self.earlier(agreedSince.values.min(), agreedWithOthersSince) }

    mutating func noteAgreement(with other: WorkerIdentity, step: Int) {
        guard agreedSince[other] == nil else { return }
        if agreedSince.count < Self.mostPartners {
            agreedSince[other] = step
        } else {
            agreedWithOthersSince = agreedWithOthersSince ?? step
        }
    }

    /// Adds those of a worker that is forgotten.
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
