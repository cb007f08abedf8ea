import Protocol
import RunEvents

/// Records all measurements of a few steps.
///
/// Workers' timings are used only for drawing, and are adjusted to be consistent: on a worker's track one piece
/// of work follows another, and its lanes compute within it, even if the worker reports otherwise.
package struct StepTracer<Peer: Hashable & Sendable>: Sendable {
    /// The steps that are traced, counted from 1.
    private let steps: ClosedRange<Int>
    private var current: StepTrace?
    /// When each worker was last asked in the current step.
    private var askedAt: [Peer: Duration] = [:]
    /// The clock offset of each worker, fixed for all steps so that they do not overlap, and the end of its
    /// last work.
    private var workers: [Peer: (offset: Duration, end: Duration)] = [:]
    private var finished: [StepTrace] = []

    /// Traces steps, counted from 1.
    package init(_ steps: ClosedRange<Int>) { self.steps = steps }

    /// Whether the current step is traced.
    var isTracing: Bool { current != nil }

    /// Begins a step, counted from 1.
    mutating func begin(step: Int, at now: Duration) {
        end(at: now)
        guard steps.contains(step) else { return }
        current = StepTrace(step: step, span: now..<now)
        askedAt.removeAll(keepingCapacity: true)
    }

    /// Ends the step.
    mutating func end(at now: Duration) {
        guard var trace = current.take() else { return }
        trace.span = trace.span.lowerBound..<now
        finished.append(trace)
    }

    /// Records a phase that has ended.
    mutating func note(phase name: String, _ span: Range<Duration>) {
        guard !span.isEmpty else { return }
        current?.phases.append(StepTrace.Phase(name: name, span: span))
    }

    /// Records that a worker is asked for sums.
    mutating func ask(_ peer: Peer, at now: Duration) {
        if current != nil { askedAt[peer] = now }
    }

    /// Records the timing in a worker's last sum of a range.
    ///
    /// - Parameter offset: its clock minus the coordinator's, if pings have measured it.
    mutating func answer(
        _ peer: Peer, name: String, _ timing: WorkTiming, offset: Duration?, at now: Duration
    ) {
        guard current != nil, let asked = askedAt[peer], asked <= now else { return }
        let place =
            workers[peer] ?? (Self.offset(timing, asked..<now, told: offset), end: .zero)
        let began = max(timing.began - place.offset, place.end)
        let ended = max(began, timing.began + timing.took - place.offset)
        workers[peer] = (place.offset, ended)
        let lanes = (0..<timing.laneCount).map { index in
            let lane = timing.lane(index)
            let first = min(timing.began + lane.start - place.offset, ended)
            let start = max(began, first)
            return start..<max(start, min(first + lane.time, ended))
        }
        current?.works.append(
            StepTrace.Work(
                worker: name, request: asked..<now, span: began..<ended, lanes: lanes))
    }

    /// The offset of a worker's clock: the measured one, limited so that work neither begins before the request
    /// nor ends after the answer.
    private static func offset(
        _ timing: WorkTiming, _ request: Range<Duration>, told: Duration?
    ) -> Duration {
        let most = timing.began - request.lowerBound
        let least = timing.began + timing.took - request.upperBound
        let middle = (most + least) / 2
        return least > most ? middle : min(max(told ?? middle, least), most)
    }

    /// The traces of the steps that have ended since the last call.
    mutating func takeFinished() -> [StepTrace] {
        defer { finished = [] }
        return finished
    }
}
