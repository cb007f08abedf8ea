import Files
import FoundationEssentials
import Watching
import ZeroMQ

/// The runs that a monitor shows, read and rendered on its own thread.
package actor RunLibrary {
    /// The subject of a stream.
    package enum Subject: Hashable, Sendable {
        case run(String)
        case list
        case comparison([String])
    }

    /// A receiver of a stream; its functions may be called on any thread.
    struct Subscriber: Sendable {
        /// Whether earlier output was sent, so that there is room for more.
        var isReady: @Sendable () -> Bool
        /// Sends parts of the page as JSON.
        var send: @Sendable (_ parts: String) -> Void
        /// Ends the stream.
        var end: @Sendable () -> Void
    }

    private struct OpenRun {
        let watch: RunWatch
        var view: RunView
        var readAt: ContinuousClock.Instant
        var usedAt: ContinuousClock.Instant
        /// The page as last drawn.
        var page: RunPage.Drawn?
        /// Whether a read of the next part of a long file is scheduled.
        var isCatchingUp = false
    }

    private struct Stream {
        let subject: Subject
        let subscriber: Subscriber
        /// Whether it lacks parts that others have received.
        var isBehind = false
        /// Since when there has been no room for output.
        var stalledAt: ContinuousClock.Instant?
    }

    /// Its priority is low, because it may share a core with a lane of the run.
    nonisolated let thread = EventLoop(name: "tern-monitor", niceness: 10)
    /// This actor runs on the thread that reads the files.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// The path as requested.
    nonisolated let path: String
    /// The name of the only run; nil for a folder of runs.
    nonisolated let onlyRun: String?
    private let list: RunList?
    private var runs: [String: OpenRun] = [:]
    private var streams: [Int: Stream] = [:]
    private var streamCount = 0
    private var sent: [Subject: [String: String]] = [:]
    private var isTicking = false

    /// The minimum time between two reads of a run.
    private static let freshness = Duration.milliseconds(250)
    private static let mostRuns = 32
    /// How long a reader may have no room for output before it is disconnected.
    private static let patience = Duration.seconds(30)
    /// The times between two updates of the streams.
    private static let updateIntervals = Duration.seconds(1)...Duration.seconds(5)
    /// How many times as long as an update itself the time until the next one is.
    ///
    /// So updates take a thousandth of a core, which may be one that trains.
    private static let restPerUpdate = 1000
    /// The number of seconds after which an ended run is no longer scraped.
    private static let scrapedFor = 3600.0

    /// The run, or the runs, at a path.
    ///
    /// - Parameter isRun: whether the path is known to be a run, even without files yet.
    /// - Throws: ``FileError`` if there is no such folder.
    package init(_ path: String, isRun: Bool = false) throws(FileError) {
        self.path = path
        if isRun || RunList.isRun(path) {
            let watch = try RunWatch(path)
            let name = Files.name(of: try Files.absolutePath(path))
            (onlyRun, list) = (name, nil)
            let now = ContinuousClock.now
            let view = RunView(name: name, now: Date.now.timeIntervalSince1970)
            runs[name] = OpenRun(
                watch: watch, view: view, readAt: now - .seconds(1), usedAt: now)
        } else {
            (onlyRun, list) = (nil, try RunList(path))
        }
    }

    /// The current view of a run; nil if there is no such run.
    func view(of name: String) -> RunView? {
        let now = ContinuousClock.now
        if let run = runs[name], now - run.readAt >= Self.freshness, !isThere(run, name) {
            runs[name] = nil
        }
        guard var run = runs[name] ?? open(name) else { return nil }
        run.usedAt = now
        if now - run.readAt >= Self.freshness { read(&run, name) }
        runs[name] = run
        return run.view
    }

    /// Reads what is new, at most one part of a long file; the next part is read when the thread is
    /// idle.
    private func read(_ run: inout OpenRun, _ name: String) {
        run.view = run.watch.poll()
        run.readAt = .now
        guard run.view.isBehind, !run.isCatchingUp else { return }
        run.isCatchingUp = true
        thread.schedule(after: .zero) { self.assumeIsolated { $0.catchUp(name) } }
    }

    private func catchUp(_ name: String) {
        guard var run = runs[name] else { return }
        run.isCatchingUp = false
        read(&run, name)
        runs[name] = run
    }

    /// Whether a followed run is still in the folder, and not replaced by another of the same name.
    private func isThere(_ run: OpenRun, _ name: String) -> Bool {
        guard let list else { return true }
        return list.run(name).map { run.watch.follows($0) } ?? false
    }

    private func open(_ name: String) -> OpenRun? {
        guard let folder = list?.run(name) else { return nil }
        let watch = RunWatch(folder)
        if runs.count >= Self.mostRuns,
            let oldest = runs.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            runs[oldest.key] = nil
        }
        let now = ContinuousClock.now
        return OpenRun(
            watch: watch, view: RunView(name: name, now: 0), readAt: now - .seconds(1), usedAt: now)
    }

    /// A brief view of all runs.
    func glances() -> [(folder: String, view: RunView)] {
        if let onlyRun { return view(of: onlyRun).map { [(onlyRun, $0)] } ?? [] }
        return (try? list?.poll()) ?? []
    }

    /// The runs to scrape: current ones, and those that ended recently.
    func scraped() -> [(folder: String, view: RunView)] {
        let now = Date.now.timeIntervalSince1970
        let names = glances().filter { _, view in
            onlyRun != nil || !view.state.isOver || (view.silence ?? 0) < Self.scrapedFor
                || now - (view.history.end ?? 0) < Self.scrapedFor
        }.map(\.folder).suffix(Self.mostRuns)
        return names.compactMap { name in view(of: name).map { (name, $0) } }
    }

    /// The parts of a page; nil if there is no such run.
    func parts(of subject: Subject) -> [String: String]? {
        switch subject {
        case .run(let name):
            guard let view = view(of: name) else { return nil }
            let page = RunPage(view).drawn(after: runs[name]?.page)
            runs[name]?.page = page
            return page.parts
        case .list: return ["runs": RunsTable.html(glances())]
        case .comparison(let names):
            return ComparePage(names.compactMap { view(of: $0) }).parts
        }
    }
}

// MARK: - Streams

extension RunLibrary {
    /// Starts a stream of changed parts, and returns its number.
    func subscribe(to subject: Subject, _ subscriber: Subscriber) -> Int? {
        guard let parts = parts(of: subject) else { return nil }
        streamCount += 1
        streams[streamCount] = Stream(subject: subject, subscriber: subscriber)
        if sent[subject] == nil { sent[subject] = parts }
        subscriber.send(jsonText(parts))
        if !isTicking { update(after: Self.updateIntervals.lowerBound) }
        return streamCount
    }

    /// Updates the streams again and again, as long as there are any.
    private func update(after delay: Duration) {
        isTicking = true
        thread.schedule(after: delay) { self.assumeIsolated { $0.update() } }
    }

    private func update() {
        isTicking = false
        guard !streams.isEmpty else { return }
        let start = NativeThread.processorTime
        sendNews()
        let rest = (NativeThread.processorTime - start) * Self.restPerUpdate
        let (least, most) = (Self.updateIntervals.lowerBound, Self.updateIntervals.upperBound)
        update(after: min(max(rest, least), most))
    }

    /// Ends a stream.
    func unsubscribe(_ stream: Int) { streams[stream] = nil }

    /// Sends each stream the final state of its runs.
    package func sendLastNews() {
        // Forces a read, because a recent one may lack the end.
        for name in runs.keys { runs[name]?.readAt = .now - Self.freshness }
        sendNews()
    }

    /// Sends each stream what has changed; a slow reader gets all parts later.
    private func sendNews() {
        sent = sent.filter { subject, _ in streams.values.contains { $0.subject == subject } }
        for subject in Set(streams.values.map(\.subject)) {
            guard let parts = parts(of: subject) else { continue }
            let changed = parts.filter { sent[subject]?[$0.key] != $0.value }
            sent[subject] = parts
            let news = changed.isEmpty ? nil : jsonText(changed)
            for (number, stream) in streams where stream.subject == subject {
                serve(number, news: news, all: jsonText(parts))
            }
        }
    }

    private func serve(_ number: Int, news: String?, all: @autoclosure () -> String) {
        guard var stream = streams[number] else { return }
        if stream.subscriber.isReady() {
            if stream.isBehind {
                stream.subscriber.send(all())
            } else if let news {
                stream.subscriber.send(news)
            }
            (stream.isBehind, stream.stalledAt) = (false, nil)
        } else {
            stream.isBehind = stream.isBehind || news != nil
            stream.stalledAt = stream.stalledAt ?? .now
        }
        if let start = stream.stalledAt, .now - start > Self.patience {
            streams[number] = nil
            return stream.subscriber.end()
        }
        streams[number] = stream
    }
}
