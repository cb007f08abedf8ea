import Glibc

/// The processors of this machine that are there to compute.
var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
