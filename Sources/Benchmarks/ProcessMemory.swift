import Glibc

/// The most memory that a process and those it has started have had at once, as Linux counts it.
///
/// What is known is what the last look at each process saw: of one that ended within a look's time
/// of its start, that may be less than it came to.
package struct ProcessMemory {
    private let pid: pid_t
    /// The last that was seen of each process; the high-water mark never falls.
    package private(set) var peak: Int?
    private var peaksOfChildren: [pid_t: Int] = [:]

    /// The memory of a process that has been started.
    package init(of pid: pid_t) { self.pid = pid }

    /// The most that one of the processes that it has started had.
    package var peakOfChildren: Int? { peaksOfChildren.values.max() }

    /// Looks again.
    ///
    /// - Returns: whether the process is still there.
    package mutating func look() -> Bool {
        guard let bytes = highWaterMark(of: pid) else { return false }
        // Not the greatest: before it begins its own program, a process has its parent's memory.
        peak = bytes
        for child in children(of: pid) {
            if let bytes = highWaterMark(of: child) { peaksOfChildren[child] = bytes }
        }
        return true
    }
}

/// The greatest resident set of a process so far, in bytes; nil once it has ended.
private func highWaterMark(of pid: pid_t) -> Int? {
    let lines = text(ofFile: "/proc/\(pid)/status").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
    return line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
        .map { $0 * 1024 }
}

/// The processes that any thread of a process has started.
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

/// The text of a file of `/proc`, which tells no size; empty where the process is gone.
private func text(ofFile path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self)
}
