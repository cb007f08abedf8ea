import Glibc

/// The number of descriptors, for files and connections, that this process may have open.
package enum DescriptorLimit {
    /// Raises the limit as far as the system allows, and returns it.
    ///
    /// Shells start with 1,024 for programs that call `select`; libzmq does not.
    package static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1024
        }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
                limit = raised
            }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
