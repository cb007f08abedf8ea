import Hashing
import KernelInterface
import Training

/// What the record of a run says, as far as it is as it must be.
struct RunRecord {
    let path: String
    /// By which sums it tells weights.
    let format: RecordFormat
    /// The steps that have sound lines, from the first on.
    private(set) var steps = 0
    /// The sums of the weights after some of these steps.
    private(set) var weights: [Int: [UInt8]] = [:]
    /// What is wrong with the line behind them.
    private(set) var finding: Finding?
    /// SHA-256 of the heading and the sound lines, in hexadecimal.
    let digest: String

    /// Reads and checks a record, and keeps of it the weights after the given steps.
    init(_ path: String, for job: Job, keeping kept: Set<Int>) throws {
        self.path = path
        var lines = try RecordLines(path)
        format = lines.format
        var check = RecordCheck(
            path, plan: job.plan, epochs: job.configuration.epochs, lines.format)
        var sum = SHA256()
        sum.addLine(format.heading[...])
        while let line = try lines.next() {
            do throws(Finding) {
                let record = try check.take(line)
                if kept.contains(record.step) { weights[record.step] = record.weights }
                sum.addLine(line)
            } catch {
                finding = error
                break
            }
        }
        steps = check.steps
        digest = sum.finalizeHex()
    }

    /// Whether these are the weights after a step; nil if it has no sound line for that.
    func confirms(_ parameters: some FloatStorage, afterStep step: Int) -> Bool? {
        weights[step].map { $0 == format.sum(of: parameters) }
    }

    /// What it says of a checkpoint; nil if it has no sound line for its step.
    func verdict(on state: SavedState) -> Verdict? {
        confirms(state.checkpoint.parameters, afterStep: state.step).map {
            $0 ? .good : .wrong(state.otherWeights)
        }
    }

    /// The finding that it ends too early, if it does.
    func shortfall(needed: Int) -> Finding? {
        guard steps < needed else { return nil }
        return Finding(
            path, step: steps + 1, "it ends at step \(steps), but the run has completed \(needed)")
    }
}

extension SHA256 {
    fileprivate mutating func addLine(_ line: ArraySlice<UInt8>) {
        line.withUnsafeBytes { update($0) }
        withUnsafeBytes(of: UInt8(ascii: "\n")) { update($0) }
    }
}

/// The lines of a record behind its heading.
struct RecordLines: ~Copyable {
    /// What the heading says of them.
    let format: RecordFormat
    private let path: String
    private var lines: LineReader

    /// Opens a record.
    ///
    /// - Throws: ``FileError`` if it cannot be read, ``VerificationError`` if it is something else.
    init(_ path: String) throws {
        var lines = try LineReader(Folder(Files.folder(of: path)), Files.name(of: path))
        guard let heading = try lines.next(), let format = RecordFormat(heading: heading) else {
            throw VerificationError.noHeading(path)
        }
        self.path = path
        self.format = format
        self.lines = lines
    }

    /// The next line, nil at the end; a half line there is still being written.
    mutating func next() throws(FileError) -> ArraySlice<UInt8>? { try lines.next() }

    /// The next step of a record that was sound when it was checked.
    mutating func nextStep() throws -> StepRecord {
        guard let line = try next(), let record = StepRecord(parsing: line, format) else {
            throw VerificationError.changed(path)
        }
        return record
    }
}
