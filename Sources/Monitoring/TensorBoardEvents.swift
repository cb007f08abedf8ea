import FoundationEssentials
import Settings

/// Converts a run's settings and the lines of its `metrics.jsonl` to TensorBoard's events.
///
/// The same lines always give the same bytes, however often the run was interrupted.
///
/// The field numbers are those of TensorFlow's `event.proto` and `summary.proto`, and of TensorBoard's
/// `plugin_data.proto`.
struct TensorBoardEvents {
    /// The name of their file; nil before the first line.
    private(set) var fileName: String?

    private let configuration: TrainingConfiguration
    private var (step, seconds) = (0, 0.0)
    private let decoder = JSONDecoder()

    private static let (namePrefix, nameSuffix) = ("events.out.tfevents.", ".tern")

    /// The events of a run with these settings.
    init(_ configuration: TrainingConfiguration) { self.configuration = configuration }

    /// Whether a file name is one that Tern gives.
    static func isOwn(_ name: String) -> Bool {
        name.hasPrefix(namePrefix) && name.hasSuffix(nameSuffix)
    }

    /// The records for the next line; none if it is invalid.
    ///
    /// The first line's time is the run's start.
    mutating func add(line: some Sequence<UInt8>) -> [UInt8] {
        guard let line = try? decoder.decode(MetricsLine.self, from: Data(line)) else { return [] }
        let time = line.time ?? 0
        var records: [UInt8] = []
        if fileName == nil {
            fileName = Self.name(ofRunBegunAt: time)
            records = beginning(at: time)
        }
        let scalars = scalars(of: line)
        (step, seconds) = (line.step, line.seconds)
        guard !scalars.isEmpty else { return records }
        return records + event(at: time, step: line.step, scalars)
    }

    private static func name(ofRunBegunAt time: Double) -> String {
        let digits = (0..<1e10).contains(time) ? "\(Int(time))" : ""
        return namePrefix + String(repeating: "0", count: 10 - digits.count) + digits + nameSuffix
    }

    /// TensorBoard has float32: values that are not finite there are left out.
    private func scalars(of line: MetricsLine) -> [(tag: String, value: Float)] {
        let values: [(String, Double?)] =
            switch line.type {
            case .step:
                [
                    ("train/loss", line.loss), ("train/accuracy", line.accuracy),
                    ("train/learning_rate", line.learningRate),
                    (
                        "train/examples_per_second",
                        line.examplesPerSecond(since: step, at: seconds)
                    ),
                ]
            case .epoch: [("test/loss", line.testLoss), ("test/accuracy", line.testAccuracy)]
            }
        return values.compactMap { tag, value in
            guard let value = value.map(Float.init), value.isFinite else { return nil }
            return (tag, value)
        }
    }

    private func event(
        at time: Double, step: Int, _ scalars: [(tag: String, value: Float)]
    ) -> [UInt8] {
        var event = ProtobufWriter()
        event.add(time, as: 1)
        event.add(UInt64(step), as: 2)
        event.add(messageAs: 5) { summary in
            for (tag, value) in scalars {
                summary.add(messageAs: 1) { entry in
                    entry.add(tag, as: 1)
                    entry.add(value, as: 2)
                }
            }
        }
        return RecordFrame.framing(event.bytes)
    }

    /// The format's version, and the settings for TensorBoard's page of hyperparameters.
    private func beginning(at time: Double) -> [UInt8] {
        var version = ProtobufWriter()
        version.add(time, as: 1)
        version.add("brain.Event:2", as: 3)
        var session = ProtobufWriter()
        session.add(time, as: 1)
        session.add(messageAs: 5) { summary in
            summary.add(messageAs: 1) { entry in
                entry.add("_hparams_/session_start_info", as: 1)
                entry.add(messageAs: 9) { metadata in
                    metadata.add(messageAs: 1) { plugin in
                        plugin.add("hparams", as: 1)
                        plugin.add(messageAs: 2) {
                            $0.add(messageAs: 3) { startInfo(at: time, &$0) }
                        }
                    }
                }
            }
        }
        return RecordFrame.framing(version.bytes) + RecordFrame.framing(session.bytes)
    }

    private func startInfo(at time: Double, _ info: inout ProtobufWriter) {
        for (option, value) in configuration.settings {
            info.add(messageAs: 1) { setting in
                setting.add(option.replacing("-", with: "_"), as: 1)
                setting.add(messageAs: 2) { Self.add(value, of: option, to: &$0) }
            }
        }
        info.add(time, as: 5)
    }

    /// Adds a setting as the type that TensorBoard can sort and plot.
    private static func add(
        _ value: String, of option: String, to writer: inout ProtobufWriter
    ) {
        // Lists of channels and digests are text, even if all their characters are digits.
        let isText = option == "convolution" || option == "initial-weights"
        // A seed may be larger than the integers that a double represents exactly.
        if !isText, let number = Double(value), abs(number) < 0x1p53 {
            writer.add(number, as: 2)
        } else if let flag = Bool(value) {
            writer.add(flag, as: 4)
        } else {
            writer.add(value, as: 3)
        }
    }
}
