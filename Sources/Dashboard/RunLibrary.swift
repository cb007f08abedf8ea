import FoundationEssentials
import Training
import Watching
import ZeroMQ

/// The runs that a monitor shows. It reads and renders them on a thread of its own.
package actor RunLibrary {
    /// What a stream is about.
    package enum Subject: Hashable, Sendable {
        case run(String)
        case list
        case comparison([String])
    }

    /// Who gets a stream; all of it may be called on any thread.
    struct Subscriber: Sendable {
        /// Whether what was sent before has left, so that more may be.
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
        /// The parts that were last made, and of what.
        var page: (view: RunView, parts: [String: String])?
        /// Whether the next part of a long file is about to be read.
        var isCatchingUp = false
    }

    private struct Stream {
        let subject: Subject
        let subscriber: Subscriber
        /// Whether it lacks parts that were sent to others.
        var isBehind = false
        /// The ticks for which it took nothing.
        var stalled = 0
    }

    nonisolated let thread = EventLoop(name: "tern-monitor")
    /// The thread that reads the files runs this actor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// The path that was asked for.
    nonisolated let path: String
    /// The name of the one run; nil where there is a folder of runs.
    nonisolated let onlyRun: String?
    private let list: RunList?
    private var runs: [String: OpenRun] = [:]
    private var streams: [Int: Stream] = [:]
    private var streamCount = 0
    private var sent: [Subject: [String: String]] = [:]
    private var isTicking = false

    /// What was read so lately is not read again.
    private static let freshness = Duration.milliseconds(250)
    private static let mostRuns = 32
    /// A reader that takes nothing for so many seconds is let go.
    private static let patience = 30
    /// Runs that ended so long ago are not scraped any more.
    private static let scrapedFor = 3600.0

    /// The run, or the runs, in a folder.
    ///
    /// - Parameter isRun: whether it is a run for sure, which may have no file yet.
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

    /// What is known of a run now; nil where there is no run of that name.
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

    /// Reads what is new, or of much the first part; the rest is read when nobody asks for anything.
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

    /// Whether a run that is followed still lies in the folder, and no other of the same name.
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

    /// All runs at a glance.
    func glances() -> [(folder: String, view: RunView)] {
        if let onlyRun { return view(of: onlyRun).map { [(onlyRun, $0)] } ?? [] }
        return (try? list?.poll()) ?? []
    }

    /// The runs that are scraped: those that go on, and those that ended of late.
    func scraped() -> [(folder: String, view: RunView)] {
        let now = Date.now.timeIntervalSince1970
        let names = glances().filter { _, view in
            onlyRun != nil || !view.state.isOver || (view.silence ?? 0) < Self.scrapedFor
                || now - (view.history.end ?? 0) < Self.scrapedFor
        }.map(\.folder).suffix(Self.mostRuns)
        return names.compactMap { name in view(of: name).map { (name, $0) } }
    }

    /// The parts of a page; nil where there is no such run.
    func parts(of subject: Subject) -> [String: String]? {
        switch subject {
        case .run(let name):
            guard let view = view(of: name) else { return nil }
            let parts = RunPage(view).parts(reusing: runs[name]?.page)
            runs[name]?.page = (view, parts)
            return parts
        case .list: return ["runs": RunsTable.html(glances())]
        case .comparison(let names):
            return ComparePage(names.compactMap { view(of: $0) }).parts
        }
    }
}

// MARK: - Streams

extension RunLibrary {
    /// Begins a stream of the parts that change; its number ends it.
    func subscribe(to subject: Subject, _ subscriber: Subscriber) -> Int? {
        guard let parts = parts(of: subject) else { return nil }
        streamCount += 1
        streams[streamCount] = Stream(subject: subject, subscriber: subscriber)
        if sent[subject] == nil { sent[subject] = parts }
        subscriber.send(jsonText(parts))
        if !isTicking {
            isTicking = true
            thread.schedule(after: .seconds(1), repeatingEvery: .seconds(1)) {
                self.assumeIsolated { $0.sendNews() }
            }
        }
        return streamCount
    }

    /// Ends a stream.
    func unsubscribe(_ stream: Int) { streams[stream] = nil }

    /// Sends each stream how its runs have ended, for the last time.
    package func sendLastNews() {
        // What was read a moment ago may lack the end.
        for name in runs.keys { runs[name]?.readAt = .now - Self.freshness }
        sendNews()
    }

    /// Sends each stream what has changed; who has not taken what came before gets all at once later.
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
            (stream.isBehind, stream.stalled) = (false, 0)
        } else {
            stream.isBehind = stream.isBehind || news != nil
            stream.stalled += 1
        }
        guard stream.stalled <= Self.patience else {
            streams[number] = nil
            return stream.subscriber.end()
        }
        streams[number] = stream
    }
}
