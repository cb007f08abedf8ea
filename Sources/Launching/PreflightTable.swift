import Monitoring

/// The results of preflight, one line per host.
public struct PreflightTable: Sendable {
    /// The table.
    public let text: String

    /// A table of all hosts, including unusable ones.
    public init(_ reports: [HostReport]) {
        var table = TextTable(
            "host", "lanes", "kernels", "memory free", "disk free", "round trip", "to here",
            "from here",
            "clock")
        for report in reports {
            guard let ready = report.ready else {
                table.add(
                    ["\(report.host)", "cannot be used"] + [String](repeating: "-", count: 7))
                continue
            }
            let (probe, bandwidth) = (ready.probe, ready.speed?.bandwidth)
            table.add(
                "\(report.host)", "\(ready.lanes) of \(probe.processors)",
                probe.lane.value?.kernels ?? "-", Self.bytes(probe.memory),
                Self.bytes(probe.folderSpace),
                ready.speed.map { Self.milliseconds($0.roundTrip) } ?? "-",
                bandwidth.map { Self.rate($0.upload) } ?? "-",
                bandwidth.map { Self.rate($0.download) } ?? "-",
                Self.offset(ready.clockOffset))
        }
        text = table.text
    }

    private static func bytes(_ count: Int) -> String { "\(count / 1_000_000) MB" }

    private static func rate(_ bytesPerSecond: Double) -> String {
        "\(Int(bytesPerSecond / 1_000_000)) MB/s"
    }

    private static func milliseconds(_ seconds: Double) -> String {
        fixed(seconds * 1000, 2) + " ms"
    }

    private static func offset(_ seconds: Double) -> String {
        (seconds < 0 ? "" : "+") + fixed(seconds, 1) + " s"
    }
}

extension ReadyHost {
    /// The clock difference beyond which the logs of two machines sort wrongly, in seconds.
    private static let mostOffset = 2.0

    /// Problems that do not prevent its use.
    public var warnings: [String] {
        var warnings: [String] = []
        if abs(clockOffset) > Self.mostOffset {
            warnings.append(
                "its clock differs by \(fixed(clockOffset, 1)) s: logs will not sort; set it by NTP"
            )
        }
        if lanes > probe.processors {
            warnings.append("\(lanes) lanes share \(probe.processors) processors")
        }
        return warnings
    }
}
