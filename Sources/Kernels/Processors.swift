import CProcessor
import Glibc

/// The processors (cores) that this process may run on.
///
/// `taskset`, containers and batch systems such as Slurm restrict a process to some of the
/// machine's.
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

    /// The bytes of a core's second-level cache, or 512 KB if the system does not say.
    public static let secondLevelCache = max(sysconf(Int32(_SC_LEVEL2_CACHE_SIZE)), 512 << 10)

    /// Pins the calling thread to one processor, if that is possible.
    ///
    /// Otherwise Linux often wakes two compute threads on the same one, and leaves them there for a
    /// whole step.
    public static func keepThisThread(on processor: Int) {
        var set = cpu_set_t()
        withUnsafeMutableBytes(of: &set) { bytes in
            guard processor / 8 < bytes.count else { return }
            bytes[processor / 8] |= 1 << (processor % 8)
        }
        // A processor may have been taken away since: then compute without the pin.
        _ = sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
    }
}
