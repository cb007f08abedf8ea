import Kernels
import ZeroMQ

// What the commands take at most. The numbers were counted in running processes (threads in
// /proc/PID/task, descriptors in /proc/PID/fd), and are a few higher.

extension ResourceNeed {
    /// The main thread, and Swift's pool: a thread a processor, and two of its own.
    private static var pool: Int { 3 + Processors.allowed.count }

    /// To parse the arguments, and read and write some files.
    static var ofAnyCommand: ResourceNeed { ResourceNeed(threads: pool, descriptors: 8) }

    /// To show runs: a thread that reads, one that serves, one that waits for the parent, and connections.
    static var ofMonitor: ResourceNeed { ResourceNeed(threads: pool + 3, descriptors: 280) }

    /// To measure lanes, then ways to endpoints, with a thread and a name's look-up each.
    static func ofProbe(lanes: Int, endpoints: Int) -> ResourceNeed {
        ResourceNeed(
            threads: pool + max(min(lanes, Processors.allowed.count), 2 * endpoints + 1),
            descriptors: 12 + 9 * endpoints)
    }

    /// To answer probes: connections are fewer where there are fewer descriptors.
    static var ofProbeServer: ResourceNeed { ResourceNeed(threads: pool + 1, descriptors: 64) }

    /// To replay a run.
    static var ofVerification: ResourceNeed { ResourceNeed(threads: pool + 1, descriptors: 10) }

    /// To measure kernels on some threads at once.
    static func ofKernels(threads: Int) -> ResourceNeed {
        ResourceNeed(threads: pool + threads, descriptors: 8)
    }

    /// To test weights on all processors.
    static var ofEvaluation: ResourceNeed {
        let lanes = Processors.allowed.count
        return ResourceNeed(threads: pool + lanes, descriptors: 8 + lanes)
    }

    /// A coordinator: its socket, its files and its output, libzmq's threads, the lanes that test.
    static func ofCoordinator(connections: Int) -> ResourceNeed {
        let lanes = Processors.allowed.count
        return ResourceNeed(
            threads: pool + lanes + 10, descriptors: 30 + lanes + min(connections, 1024))
    }

    /// A worker: its socket, its output, libzmq's threads, and its lanes.
    static func ofWorker(lanes: Int) -> ResourceNeed {
        // Its pool has little to do.
        ResourceNeed(threads: min(pool, 7) + 7 + lanes, descriptors: 16 + lanes)
    }

    /// A coordinator and the worker processes that it starts, and a process that restarts them.
    static func ofTraining(
        workers: Int, lanes: Int, isSupervised: Bool, isMonitored: Bool
    ) -> ResourceNeed {
        // What is no possible number is refused elsewhere.
        let (workers, lanes) = (min(max(0, workers), 4096), min(max(0, lanes), 1024))
        var need = ofCoordinator(connections: workers)
        // Beside the workers', two that wait for processes to end.
        need.threads += workers * ofWorker(lanes: lanes).threads + 2
        need.descriptors += 6 + 3 * workers
        if isSupervised { need.threads += pool + 5 }
        // A process with two threads of its own, and one here that waits for it to end.
        if isMonitored {
            need.threads += pool + 3
            need.descriptors += 6
        }
        return need
    }

    /// A coordinator, the connections of its logins, and a process that listens before it.
    static func ofLaunch(hosts: Int) -> ResourceNeed {
        var need = ofCoordinator(connections: hosts)
        need.threads += 4 + hosts
        need.descriptors += 8 + 6 * hosts
        return need
    }

    /// The coordinator of a Slurm job, and the worker beside it.
    static func ofSlurm(tasks: Int, lanes: Int) -> ResourceNeed {
        var need = ofTraining(workers: 1, lanes: lanes, isSupervised: false, isMonitored: false)
        need.descriptors += min(tasks, 1024)
        return need
    }

    /// The measured rounds: a coordinator and workers in one process.
    static func ofRounds(workers: Int) -> ResourceNeed {
        var need = ofCoordinator(connections: workers)
        need.threads += workers * ofWorker(lanes: 1).threads
        need.descriptors += workers * ofWorker(lanes: 1).descriptors
        return need
    }
}
