import Bounds
import Hashing
import RunEvents

/// A step in a run's record: the positions that it used, and the hash of its weights.
///
/// The record is a CSV file with a heading and one line per committed step:
///
///     step,epoch,first,end,weights_sha256
///     470,2,0,128,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
///
/// Step and epoch count from 1; the step used the epoch's positions from `first` up to but not including `end`.
/// The last column is the hash of the weights, in the record's ``RecordFormat``.
public struct StepRecord: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The epoch's positions whose examples were used.
    public var positions: Range<Int>
    /// The hash of the parameters after the step.
    public var weights: [UInt8]

    /// Makes the record of a step.
    public init(step: Int, epoch: Int, positions: Range<Int>, weights: [UInt8]) {
        self.step = step
        self.epoch = epoch
        self.positions = positions
        self.weights = weights
    }

    /// The record of a report, in a format.
    ///
    /// It hashes all weights: about half a nanosecond per byte.
    public init(_ report: StepReport, _ format: RecordFormat) {
        self.init(
            step: report.step, epoch: report.epoch, positions: report.positions,
            weights: format.sum(of: report.weights))
    }
}

// MARK: - As a line

extension StepRecord {
    private static let comma = UInt8(ascii: ",")
    private static let lineEnd = UInt8(ascii: "\n")
    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Appends the step's line and its end.
    ///
    /// Formatted by hand, because a small network makes thousands of steps per second.
    public func append(to bytes: inout [UInt8]) {
        Self.append(step, to: &bytes)
        Self.append(epoch, to: &bytes)
        Self.append(positions.lowerBound, to: &bytes)
        Self.append(positions.upperBound, to: &bytes)
        for byte in weights {
            bytes.append(Self.hexDigits[Int(byte >> 4)])
            bytes.append(Self.hexDigits[Int(byte & 15)])
        }
        bytes.append(Self.lineEnd)
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        precondition(number >= 0, "a record counts from 0 or 1")
        var unit = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
        bytes.append(comma)
    }

    /// Parses a line without its end; nil unless it matches, byte for byte, how this format writes a
    /// step.
    public init?(parsing line: ArraySlice<UInt8>, _ format: RecordFormat) {
        let fields = line.split(separator: Self.comma, omittingEmptySubsequences: false)
        guard fields.count == 5 else { return nil }
        let numbers = fields.prefix(4).compactMap { Self.number($0) }.compactMap {
            Int(exactly: $0)
        }
        guard numbers.count == 4, StepNumber.limits.range.contains(numbers[0]),
            EpochNumber.limits.range.contains(numbers[1]), numbers[2] <= numbers[3],
            ExampleCount.limits.range.contains(numbers[3]),
            let weights = bytes(ofHexadecimal: fields[4]), weights.count == format.byteCount
        else { return nil }
        self.init(
            step: numbers[0], epoch: numbers[1], positions: numbers[2]..<numbers[3],
            weights: weights)
        var written: [UInt8] = []
        append(to: &written)
        guard written.dropLast().elementsEqual(line) else { return nil }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            guard let unit = hexDigits.firstIndex(of: digit), unit < 10 else { return nil }
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = scaled.addingReportingOverflow(UInt64(unit))
            guard !isTooLarge, !overflows else { return nil }
            value = sum
        }
        return digits.isEmpty ? nil : value
    }
}
