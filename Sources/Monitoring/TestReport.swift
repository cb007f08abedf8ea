import Bounds
import Files
import FoundationEssentials
import RunEvents

/// `test.json`: the newest test's results per class, and the examples with the greatest loss.
public struct TestReport: Codable, Sendable, Equatable {
    /// The file's name in a run's folder.
    public static let fileName = "test.json"
    /// A table of more classes is unreadable.
    private static let mostClasses = 64

    /// A grey picture.
    public struct Picture: Codable, Sendable, Equatable {
        /// The pixel rows.
        public var rows: Int
        /// The pixel columns.
        public var columns: Int
        /// The pixels [rows, columns], 0 black to 255 white; Base64 (RFC 4648) in the file.
        public var pixels: Data

        /// A picture of these pixels [rows, columns].
        public init(rows: Int, columns: Int, pixels: [UInt8]) {
            self.rows = rows
            self.columns = columns
            self.pixels = Data(pixels)
        }

        /// Whether the number of pixels is right and small enough for a page.
        fileprivate var isWhole: Bool {
            (1...1024).contains(rows) && (1...1024).contains(columns)
                && pixels.count == rows * columns
        }
    }

    /// An example with a large loss.
    public struct Example: Codable, Sendable, Equatable {
        /// Its place in the test set, counted from 0.
        public var index: Int
        /// Its class.
        public var label: Int
        /// The predicted class.
        public var predicted: Int
        /// Its cross entropy, in nats; nil if not finite.
        public var loss: Double?
        /// The image.
        public var picture: Picture
    }

    /// The epoch, counted from 1.
    public var epoch: Int
    /// The number of steps made by then.
    public var step: Int
    /// The counts [label][predicted]; empty with more than 64 classes.
    public var confusion: [[Int]]
    /// The examples with the greatest loss, the greatest first.
    public var hardest: [Example]

    /// The report of a test.
    ///
    /// - Parameter picture: returns an example of the test set.
    init(_ detail: TestDetail, epoch: Int, step: Int, picture: (_ example: Int) -> Picture) {
        self.epoch = epoch
        self.step = step
        confusion = detail.confusion.count <= Self.mostClasses ? detail.confusion : []
        hardest = detail.hardest.map { example in
            Example(
                index: example.index, label: example.label, predicted: example.predicted,
                loss: Double(example.loss), picture: picture(example.index))
        }
    }

    /// Parses a file; nil if it is damaged or its numbers are impossible.
    package init?(parsing bytes: [UInt8]) {
        guard let report = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
            return nil
        }
        let counts = 0...ExampleCount.limits.range.upperBound
        let classes = report.confusion.count
        guard classes <= Self.mostClasses, report.hardest.count <= TestDetail.mostExamples,
            StepNumber.limits.range.contains(report.step),
            EpochNumber.limits.range.contains(report.epoch),
            report.confusion.allSatisfy({ row in
                row.count == classes && row.allSatisfy(counts.contains)
            }),
            report.hardest.allSatisfy(\.picture.isWhole)
        else { return nil }
        self = report
    }

    /// The file's text.
    func encoded() -> [UInt8] { Array((jsonText(self) + "\n").utf8) }
}
