import Bounds
import FoundationEssentials
import Glibc
import Monitoring
import Training

/// A run that is followed by its files, while a coordinator may add to them or not.
///
/// It only reads. The files may come from somebody else: what is damaged is skipped and counted, and what is too
/// large is not read.
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

    /// Follows a run from its beginning or, for a glance, only the ends of its files.
    ///
    /// - Throws: ``FileError`` if there is no such folder.
    public convenience init(_ path: String, isGlance: Bool = false) throws(FileError) {
        self.init(try Folder(path), isGlance: isGlance)
    }

    /// Follows the run in a folder that is open.
    package init(_ folder: Folder, isGlance: Bool = false) {
        self.folder = folder
        name = plainText(Self.name(of: folder.path), limit: 255)
        let tail = isGlance ? 1 << 16 : nil
        metrics = MetricsWatch(folder, tail: tail)
        timing = isGlance ? nil : TimingWatch(folder)
        events = TailedFile(folder, EventsFile.name, tail: tail)
    }

    /// Whether this follows the run in a folder, and not one that had the same path before.
    package func follows(_ other: Folder) -> Bool {
        isSameFile(folder.descriptor, other.descriptor)
    }

    private static func name(of path: String) -> String {
        let full = (try? Files.absolutePath(path)) ?? path
        return full.split(separator: "/").last.map(String.init) ?? full
    }

    /// Reads what is new, and tells what is known of the run now.
    public func poll(now: Double = Date.now.timeIntervalSince1970) -> RunView {
        var view = RunView(name: name, now: now)
        // Before the events: a coordinator that ends meanwhile has said so.
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

    /// Why some work could not be done, in words; nil if it was.
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

    /// What the run does: what its events say, unless its coordinator is gone without a word.
    private func state(_ isLocked: Bool?, _ summary: RunSummary?) -> RunState {
        switch history.state {
        case .unknown:
            if let status = summary.flatMap({ RunState(rawValue: $0.status) }) { return status }
            return isLocked == true ? .waiting : .unknown
        case let state where state.isOver: return state
        case let state: return isLocked == false && history.isLocal ? .dead : state
        }
    }

    /// Tern writes fewer, and a file may have very many.
    private static let mostSettings = 256

    /// The members of a flat JSON object, each value as it is written.
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

/// What was made of a small file, kept until the file is another one.
private struct KeptFile<Value> {
    /// The value; nil where there is no file, or one that nothing was made of.
    private(set) var value: Value?
    private var stamp: Stamp?

    private struct Stamp: Equatable {
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    /// No file that Tern writes is longer.
    private static var longest: Int { 1 << 22 }

    /// Makes the value anew if the file is another one than before.
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
