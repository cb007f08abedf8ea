import CProcessor
import Glibc

/// The processors (cores) that this process may run on.
///
/// `taskset`, containers and batch systems such as Slurm leave a process only some of a machine's.
public enum Processors {
    /// Their numbers, in ascending order.
    public static var allowed: [Int] {
        var set = cpu_set_t()
        guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else {
            return Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        }
        return withUnsafeBytes(of: &set) { bytes in
            (0..<8 * bytes.count).filter { bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
        }
    }

    /// Keeps the calling thread on one processor, if that is possible.
    ///
    /// Left to itself, Linux often wakes two compute threads on the same one, and leaves them there
    /// for as long as a step takes.
    public static func keepThisThread(on processor: Int) {
        var set = cpu_set_t()
        withUnsafeMutableBytes(of: &set) { bytes in
            guard processor / 8 < bytes.count else { return }
            bytes[processor / 8] |= 1 << (processor % 8)
        }
        // A processor that has been taken away since is no reason not to compute.
        _ = sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
    }
}
