import Files
import Kernels
import ModelFiles
import RunEvents
import Training
import ZeroMQ

/// The world in which a coordinator's driver trains: a socket, a disk, threads for tests and disputes.
///
/// It belongs to the coordinator, and all its methods run on the coordinator's thread; results of other threads
/// return there.
final class LiveCoordinatorWorld: CoordinatorWorld {
    typealias Peer = PeerIdentity

    weak var coordinator: Coordinator?
    /// The connections to workers, once the coordinator listens.
    var workers: CoordinatorSocket?

    private let job: Job
    private let writer: CheckpointWriter
    private let evaluation: EvaluationPool
    private let observer: any RunObserver
    /// Made on first use, which most runs never reach.
    private var arbiter: Arbiter?
    private let start = ContinuousClock.now
    /// Work on other threads, whose results must arrive before this thread ends.
    private var evaluating: Task<Void, Never>?
    private var filing: Task<Void, Never>?

    init(
        _ job: Job, _ writer: CheckpointWriter, _ evaluation: EvaluationPool,
        _ observer: any RunObserver
    ) {
        self.job = job
        self.writer = writer
        self.evaluation = evaluation
        self.observer = observer
    }

    /// The work on other threads.
    var errands: [Task<Void, Never>] { [evaluating, filing].compactMap(\.self) }

    /// The threads other than the coordinator's.
    var threads: [EventLoop] { [writer.thread, arbiter?.thread].compactMap(\.self) }

    var now: Duration { .now - start }

    func makeReduction(_ tree: TreeReduction<Frame>) -> TreeReduction<Frame> { tree }

    // MARK: - The network

    func send(_ header: [UInt8], _ payload: [Frame], to peer: PeerIdentity, waiting: Bool) {
        workers?.send([Frame(header)] + payload, to: peer, waiting: waiting)
    }

    func silence(_ peer: PeerIdentity) { workers?.silence(peer) }

    // MARK: - The disk

    func save(_ checkpoint: Checkpoint) {
        let (coordinator, writer) = (coordinator, writer)
        let flushed = flushedRecord()
        filing = Task {
            let result: Result<String, FileError>
            if let error = await flushed.value {
                result = .failure(error)
            } else {
                result = await writer.save(checkpoint)
            }
            await coordinator?.answer { $0.saved(result, step: checkpoint.step) }
        }
    }

    func rewind(noLaterThan limit: Int) {
        let (coordinator, writer) = (coordinator, writer)
        // The writer runs this after its pending writes.
        filing = Task {
            let result = await writer.rewind(noLaterThan: limit)
            await coordinator?.answer { $0.rewound(to: result) }
        }
    }

    // MARK: - Computing

    func evaluate(_ parameters: Snapshot) {
        let (coordinator, evaluation) = (coordinator, evaluation)
        let classes = job.architecture.classes
        evaluating = Task {
            let (tally, detail) = await evaluation.test(parameters, classes: classes)
            await coordinator?.answer { $0.evaluated(tally, detail) }
        }
    }

    func arbitrate(_ slots: Range<Int>, step: Int, _ parameters: Snapshot) {
        let arbiter = arbiter ?? Arbiter(job)
        self.arbiter = arbiter
        let coordinator = coordinator
        Task {
            let right = await arbiter.answers(to: slots, step: step, parameters: parameters)
            await coordinator?.answer { $0.arbitrated(right) }
        }
    }

    // MARK: - The record

    func record(_ event: RunEvent) throws(FileError) { try observer.record(event) }

    var recordHasRoom: Bool { observer.hasRoom }

    func flushRecord() {
        let coordinator = coordinator
        observer.flush { error in
            Task { await coordinator?.answer { $0.recordIsFlushed(error) } }
        }
    }

    /// Flushes the record and returns the error that kept an event from being written, if any.
    private func flushedRecord() -> Task<FileError?, Never> {
        let (errors, continuation) = AsyncStream<FileError?>.makeStream()
        observer.flush { error in
            continuation.yield(error)
            continuation.finish()
        }
        return Task {
            for await error in errors { return error }
            return nil
        }
    }

    func finish(_ result: CoordinatorResult) {
        let coordinator = coordinator
        coordinator?.assumeIsolated { $0.complete(result) }
    }
}
