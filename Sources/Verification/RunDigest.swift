import Files
import Hashing
import KernelInterface
import Monitoring
import Training

/// A checksum of a whole run, to compare two runs.
///
/// It is the SHA-256 of this text, each line with its end:
///
///     tern-run-1
///     configuration SHA-256 of the settings that decide the weights, as JSON with sorted keys
///     data the data set's digest
///     record sha256 469 SHA-256 of steps.csv
///     weights the weights' SHA-256
///
/// It is independent of time, path, machine and number of workers: two runs of one recipe have the
/// same digest.
public struct RunDigest: Sendable, Equatable, Encodable {
    /// 64 hexadecimal digits.
    public let digits: String

    init(_ job: Job, _ record: RunRecord, weights: String) {
        let settings = jsonText(job.configuration, isSnakeCase: true)
        let lines = [
            "tern-run-1", "configuration \(SHA256.hex(of: Array(settings.utf8)))",
            "data \(job.dataDigest)",
            "record \(record.format.rawValue) \(record.steps) \(record.digest)",
            "weights \(weights)",
        ]
        digits = SHA256.hex(of: Array(lines.map { "\($0)\n" }.joined().utf8))
    }

    init(digits: String) { self.digits = digits }

    /// The digest of a run that has ended with these parameters.
    ///
    /// - Throws: ``VerificationError`` if its record is incomplete, ``FileError`` if it cannot be
    ///   read.
    public init(ofRunIn folder: String, _ job: Job, _ parameters: Snapshot) throws {
        let record = try RunRecord(RunDirectory.steps(in: folder), for: job, keeping: [])
        let total = job.configuration.epochs * job.plan.stepsPerEpoch
        if let finding = record.finding ?? record.shortfall(needed: total) {
            throw VerificationError.cannotSign(finding.message)
        }
        self.init(job, record, weights: parameters.sha256)
    }

    /// Encodes the digits alone.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}
