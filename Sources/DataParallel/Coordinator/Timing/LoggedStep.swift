import Protocol
import RunEvents

/// The timings that workers sent for a logged step.
struct LoggedStep<Peer: Hashable & Sendable>: Sendable {
    private var lanes: [(peer: Peer, lane: Int, time: Duration)] = []
    private var peers: Set<Peer> = []
    /// The worker whose sum arrived last.
    var last: Peer?

    /// Records the timing that a worker sent with its last sum of a range.
    mutating func note(_ timing: WorkTiming, of peer: Peer) {
        peers.insert(peer)
        for lane in 0..<timing.laneCount { lanes.append((peer, lane, timing.lane(lane).time)) }
    }

    /// The step's timing; `name` finds a worker's name.
    func timing(_ phases: TimingReport.Phases, _ name: (Peer) -> String?) -> StepTiming {
        // A lane that computed several ranges appears several times.
        var sums: [StepTiming.Lane] = []
        var places: [String: Int] = [:]
        for (peer, lane, time) in lanes {
            let worker = name(peer) ?? ""
            let key = "\(lane) \(worker)"
            if let place = places[key] {
                sums[place].seconds += time.inSeconds
            } else {
                places[key] = sums.count
                sums.append(.init(worker: worker, lane: lane, seconds: time.inSeconds))
            }
        }
        return StepTiming(
            phases: phases, lanes: sums, last: peers.count > 1 ? last.flatMap(name) : nil)
    }
}
