import Kernels
import ZeroMQ

// Upper bounds of the commands' needs. They were counted in running processes (threads in
// /proc/PID/task, descriptors in /proc/PID/fd) and rounded up by a few.

extension ResourceNeed {
    /// The main thread, and Swift's pool with one thread per processor and two more.
    private static var pool: Int { 3 + Processors.allowed.count }

    /// Parses arguments, and reads and writes some files.
    static var ofAnyCommand: ResourceNeed { ResourceNeed(threads: pool, descriptors: 8) }

    /// Shows runs: threads that read, serve and wait for the parent, and connections.
    static var ofMonitor: ResourceNeed { ResourceNeed(threads: pool + 3, descriptors: 280) }

    /// Measures lanes, then routes, with a thread per endpoint and another for its name lookup.
    static func ofProbe(lanes: Int, endpoints: Int) -> ResourceNeed {
        ResourceNeed(
            threads: pool + max(min(lanes, Processors.allowed.count), 2 * endpoints + 1),
            descriptors: 12 + 9 * endpoints)
    }

    /// Answers probes; with fewer descriptors, fewer connections.
    static var ofProbeServer: ResourceNeed { ResourceNeed(threads: pool + 1, descriptors: 64) }

    /// Replays a run.
    static var ofVerification: ResourceNeed { ResourceNeed(threads: pool + 1, descriptors: 10) }

    /// Measures kernels on several threads.
    static func ofKernels(threads: Int) -> ResourceNeed {
        ResourceNeed(threads: pool + threads, descriptors: 8)
    }

    /// Tests weights on all processors.
    static var ofEvaluation: ResourceNeed {
        let lanes = Processors.allowed.count
        return ResourceNeed(threads: pool + lanes, descriptors: 8 + lanes)
    }

    /// A coordinator: its socket, files and output, libzmq's threads, and the lanes for tests.
    ///
    /// Connections use at most half of the descriptors: see ``Limits``.
    static func ofCoordinator(connections: Int) -> ResourceNeed {
        let (lanes, most) = (Processors.allowed.count, SocketOptions().maximumConnectionCount)
        return ResourceNeed(
            threads: pool + lanes + 10, descriptors: 30 + lanes + 2 * min(connections, most))
    }

    /// A worker: its socket and output, libzmq's threads, and its lanes.
    static func ofWorker(lanes: Int) -> ResourceNeed {
        // A worker hardly uses its pool.
        ResourceNeed(threads: min(pool, 7) + 7 + lanes, descriptors: 16 + lanes)
    }

    /// A coordinator, its worker processes, and a supervisor.
    static func ofTraining(
        workers: Int, lanes: Int, isSupervised: Bool, isMonitored: Bool
    ) -> ResourceNeed {
        // Invalid numbers are rejected elsewhere.
        let (workers, lanes) = (min(max(0, workers), 4096), min(max(0, lanes), 1024))
        var need = ofCoordinator(connections: workers)
        // The workers' threads, and two that wait for processes to end.
        need.threads += workers * ofWorker(lanes: lanes).threads + 2
        need.descriptors += 6 + 3 * workers
        if isSupervised { need.threads += pool + 5 }
        // A process with two threads of its own, and a thread here that waits for its end.
        if isMonitored {
            need.threads += pool + 3
            need.descriptors += 6
        }
        return need
    }

    /// A coordinator, the connections of its logins, and the probe server before it.
    static func ofLaunch(hosts: Int) -> ResourceNeed {
        var need = ofCoordinator(connections: hosts)
        need.threads += 4 + hosts
        need.descriptors += 8 + 6 * hosts
        return need
    }

    /// The coordinator of a Slurm job, and the worker beside it.
    static func ofSlurm(tasks: Int, lanes: Int) -> ResourceNeed {
        var need = ofTraining(workers: 1, lanes: lanes, isSupervised: false, isMonitored: false)
        need.descriptors += 2 * min(tasks, SocketOptions().maximumConnectionCount)
        return need
    }

    /// The round benchmark: a coordinator and workers in one process.
    static func ofRounds(workers: Int) -> ResourceNeed {
        var need = ofCoordinator(connections: workers)
        need.threads += workers * ofWorker(lanes: 1).threads
        need.descriptors += workers * ofWorker(lanes: 1).descriptors
        return need
    }
}
