import Files
import Hashing
import KernelInterface
import RunFolder
import Training

/// The valid part of a run's record.
struct RunRecord {
    let path: String
    /// The kind of checksum of the weights.
    let format: RecordFormat
    /// The number of valid lines from the first step on.
    private(set) var steps = 0
    /// The checksums of the weights after some of these steps.
    private(set) var weights: [Int: [UInt8]] = [:]
    /// The fault of the first invalid line.
    private(set) var finding: Finding?
    /// SHA-256 of the heading and the valid lines, in hexadecimal.
    let digest: String

    /// Reads and checks a record, and keeps the checksums after the given steps.
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

    /// Whether these are the weights after a step; nil if the record has no valid line for it.
    func confirms(_ parameters: some FloatStorage, afterStep step: Int) -> Bool? {
        weights[step].map { $0 == format.sum(of: parameters) }
    }

    /// The record's verdict on a checkpoint; nil if it has no valid line for that step.
    func verdict(on state: SavedState) -> Verdict? {
        confirms(state.checkpoint.parameters, afterStep: state.step).map {
            $0 ? .good : .wrong(state.otherWeights)
        }
    }

    /// The finding that the record ends too early, if it does.
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

/// The lines of a record after its heading.
struct RecordLines: ~Copyable {
    /// The format that the heading names.
    let format: RecordFormat
    private let path: String
    private var lines: LineReader

    /// Opens a record.
    ///
    /// - Throws: ``FileError`` if it cannot be read, ``VerificationError`` if it is not a record.
    init(_ path: String) throws {
        var lines = try LineReader(Folder(Files.folder(of: path)), Files.name(of: path))
        guard let heading = try lines.next(), let format = RecordFormat(heading: heading) else {
            throw VerificationError.noHeading(path)
        }
        self.path = path
        self.format = format
        self.lines = lines
    }

    /// The next line; nil at the end, where an unfinished line may still be being written.
    mutating func next() throws(FileError) -> ArraySlice<UInt8>? { try lines.next() }

    /// The next step of a record that was valid when checked.
    mutating func nextStep() throws -> StepRecord {
        guard let line = try next(), let record = StepRecord(parsing: line, format) else {
            throw VerificationError.changed(path)
        }
        return record
    }
}
