import Glibc

/// The peak memory of a process and of its children, as Linux counts it.
///
/// The values are those of the last look at each process. If a process ends soon after its start or
/// between two looks, its true peak may be higher.
package struct ProcessMemory {
    private let pid: pid_t
    /// The last value seen for each process; the high-water mark never falls.
    package private(set) var peak: Int?
    private var peaksOfChildren: [pid_t: Int] = [:]

    /// The memory of a started process.
    package init(of pid: pid_t) { self.pid = pid }

    /// The highest peak of a child process.
    package var peakOfChildren: Int? { peaksOfChildren.values.max() }

    /// Reads the values again.
    ///
    /// - Returns: whether the process still exists.
    package mutating func look() -> Bool {
        guard let bytes = highWaterMark(of: pid) else { return false }
        // Not the maximum: until it executes its own program, a process has its parent's memory.
        peak = bytes
        for child in children(of: pid) {
            if let bytes = highWaterMark(of: child) { peaksOfChildren[child] = bytes }
        }
        return true
    }
}

/// The peak resident set of a process, in bytes; nil once it has ended.
private func highWaterMark(of pid: pid_t) -> Int? {
    let lines = text(ofFile: "/proc/\(pid)/status").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
    return line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
        .map { $0 * 1024 }
}

/// The child processes of all threads of a process.
private func children(of pid: pid_t) -> [pid_t] {
    guard let folder = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(folder) }
    var result: [pid_t] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard let thread = pid_t(name) else { continue }
        let pids = text(ofFile: "/proc/\(pid)/task/\(thread)/children").split(separator: " ")
        result += pids.compactMap { pid_t($0) }
    }
    return result
}

/// The text of a `/proc` file, whose size is not known in advance; empty if the process has ended.
private func text(ofFile path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self)
}
