import Bounds
import Files
import FoundationEssentials
import Glibc
import Monitoring
import Settings

/// Follows a run by its files, whether a coordinator is writing them or not.
///
/// It only reads. The files may come from anyone: damaged lines are skipped and counted, and files
/// that are too large are not read.
public final class RunWatch {
    /// The run's folder.
    public let folder: Folder
    private let metrics: MetricsWatch
    private let timing: TimingWatch?
    private let events: TailedFile
    private let name: String
    private var history = RunHistory()
    private var badEvents = 0
    private var configuration = KeptFile<(RunConfiguration?, [RunView.Setting])>()
    private var summary = KeptFile<RunSummary>()
    private var test = KeptFile<TestReport>()

    /// Follows a run from its beginning; at a glance, only the ends of its files.
    ///
    /// - Throws: ``FileError`` if there is no such folder.
    public convenience init(_ path: String, isGlance: Bool = false) throws(FileError) {
        self.init(try Folder(path), isGlance: isGlance)
    }

    /// Follows the run in an open folder.
    package init(_ folder: Folder, isGlance: Bool = false) {
        self.folder = folder
        name = plainText(Self.name(of: folder.path), limit: 255)
        let tail = isGlance ? 1 << 16 : nil
        metrics = MetricsWatch(folder, tail: tail)
        timing = isGlance ? nil : TimingWatch(folder)
        events = TailedFile(folder, EventsFile.name, tail: tail)
    }

    /// Whether this follows the run in a folder, and not an earlier one with the same path.
    package func follows(_ other: Folder) -> Bool {
        isSameFile(folder.descriptor, other.descriptor)
    }

    private static func name(of path: String) -> String {
        let full = (try? Files.absolutePath(path)) ?? path
        return full.split(separator: "/").last.map(String.init) ?? full
    }

    /// Reads what is new and returns the current view.
    public func poll(now: Double = Date.now.timeIntervalSince1970) -> RunView {
        var view = RunView(name: name, now: now)
        // Checks the lock before it reads the events, so that a coordinator that ends meanwhile
        // does not look dead.
        let isLocked = (try? CoordinatorLock.isHeld(on: RunDirectory.logName, in: folder)) ?? nil
        view.problems = [
            problem { () throws(FileError) in _ = try metrics.poll() },
            problem { () throws(FileError) in try pollEvents() },
            problem { () throws(FileError) in try pollTiming() },
            problem { () throws(FileError) in try readSmallFiles() },
        ].compactMap(\.self)
        fill(&view, isLocked)
        return view
    }

    private func pollTiming() throws(FileError) {
        _ = try timing?.poll(
            replaced: { history.forgetTiming() }, worker: { history.add($0) })
    }

    private func readSmallFiles() throws(FileError) {
        try configuration.read(RunDirectory.configurationName, in: folder) { bytes in
            let name = RunDirectory.configurationName
            return (try? RunConfiguration(parsing: bytes, path: name), Self.settings(bytes))
        }
        try summary.read(RunDirectory.summaryName, in: folder) { bytes in
            let summary = try? JSONDecoder().decode(RunSummary.self, from: Data(bytes))
            guard let summary, summary.isPossible else { return nil }
            return summary.plain
        }
        try test.read(TestReport.fileName, in: folder) { TestReport(parsing: $0) }
    }

    /// Why some work failed; nil if it did not.
    private func problem(_ work: () throws(FileError) -> Void) -> String? {
        do throws(FileError) {
            try work()
            return nil
        } catch {
            return plainText("\(error)")
        }
    }

    private func pollEvents() throws(FileError) {
        _ = try events.read(
            replaced: { (history, badEvents) = (RunHistory(), 0) },
            line: { line in
                if let event = EventLine(line) { history.add(event) } else { badEvents += 1 }
            })
    }

    private func fill(_ view: inout RunView, _ isLocked: Bool?) {
        view.curves = metrics.curves
        if let timing {
            (view.bands, view.totals, view.timing) = (timing.bands, timing.totals, timing.last)
            view.lastStepTime = timing.lastStepTime
        }
        (view.configuration, view.settings) = configuration.value ?? (nil, [])
        (view.summary, view.test) = (summary.value, test.value)
        view.history = history
        view.isBehind = metrics.isBehind || events.isBehind || timing?.isBehind == true
        view.skippedLines =
            metrics.skippedLines + badEvents + events.skippedLines + (timing?.skippedLines ?? 0)
        view.state = state(isLocked, view.summary)
        var system = statvfs()
        if fstatvfs(folder.descriptor, &system) == 0 {
            view.disk = (
                Int(clamping: system.f_bavail) * Int(system.f_frsize),
                Int(clamping: system.f_blocks) * Int(system.f_frsize)
            )
        }
    }

    /// The run's state according to its events, or `dead` if its coordinator ended without one.
    private func state(_ isLocked: Bool?, _ summary: RunSummary?) -> RunState {
        switch history.state {
        case .unknown:
            if let status = summary.flatMap({ RunState(rawValue: $0.status) }) { return status }
            return isLocked == true ? .waiting : .unknown
        case let state where state.isOver: return state
        case let state: return isLocked == false && history.isLocal ? .dead : state
        }
    }

    /// More than Tern writes; a foreign file may have very many.
    private static let mostSettings = 256

    /// The members of a flat JSON object, each value as written.
    private static func settings(_ bytes: [UInt8]) -> [RunView.Setting] {
        var settings: [RunView.Setting] = []
        let line = bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
        var scanner = LineScanner(line[...])
        try? scanner.object { scanner, key throws(LineScanner.Fault) in
            guard settings.count < mostSettings else { throw LineScanner.Fault() }
            let value = try scanner.raw()
            settings.append(
                .init(
                    name: plainText(key, limit: 80),
                    value: plainText(value, limit: LineScanner.longestText)))
        }
        return settings
    }
}

/// A value from a small file, updated when the file changes.
private struct KeptFile<Value> {
    /// The value; nil if there is no file, or it is invalid.
    private(set) var value: Value?
    private var stamp: Stamp?

    private struct Stamp: Equatable {
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    /// More than the size of any file that Tern writes.
    private static var longest: Int { 1 << 22 }

    /// Updates the value if the file has changed.
    mutating func read(
        _ name: String, in folder: Folder, _ make: ([UInt8]) -> Value?
    ) throws(FileError) {
        guard folder.holds(name) else {
            (stamp, value) = (nil, nil)
            return
        }
        let (file, size) = try folder.openForReading(name)
        defer { close(file) }
        var status = Glibc.stat()
        guard fstat(file, &status) == 0, size <= Self.longest else {
            (stamp, value) = (nil, nil)
            return
        }
        let now = Stamp(
            inode: status.st_ino, size: size, seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
        guard stamp != now else { return }
        value = make(try Files.readAll(size, of: file, path: folder.path(of: name)))
        stamp = now
    }
}
