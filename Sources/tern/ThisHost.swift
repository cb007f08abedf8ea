import Benchmarks
import Files
import Glibc
import Kernels
import Launching
import NeuralNetwork
import Settings
import ZeroMQ

// The properties of this machine for `tern probe`.

/// Measures how fast several lanes compute at once.
///
/// They make steps of the default network, because a whole step predicts other networks better than
/// the peak of one product.
func laneRate(lanes: Int) async -> Finding<LaneRate> {
    let kernels: any KernelSet.Type
    do {
        kernels = try kernelsInUse()
    } catch {
        return .failed("\(error)")
    }
    let rows = 64
    let architecture = Architecture(
        imageRows: 28, imageColumns: 28, hiddenSize: TrainingConfiguration().hidden, layers: 1,
        classes: 10)
    let benchmark = StepBenchmark(architecture, rows: rows, seconds: 0.05)
    let processors = Processors.allowed.prefix(lanes)
    let seconds = await withTaskGroup(of: Double.self) { group in
        for processor in processors {
            group.addTask {
                await NativeThread.run(name: "tern-lane-\(processor)") {
                    Processors.keepThisThread(on: processor)
                    return benchmark.run(kernels).wholeMicroseconds * 1e-6
                }
            }
        }
        return await group.reduce(0, +) / Double(processors.count)
    }
    // If there are more lanes than processors, they share the processors.
    let share = Double(processors.count) / Double(lanes)
    return .found(
        LaneRate(
            kernels: kernels.name,
            operationsPerSecond: share * Double(rows) * architecture.operations / seconds))
}

/// The architecture, as `uname -m` prints it.
func machineArchitecture() -> String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    return withUnsafeBytes(of: names.machine) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The processor's model, if the system has it.
func processorModel() -> String {
    guard let file = fopen("/proc/cpuinfo", "re") else { return "unknown" }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
        let line = String(
            decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self)
        guard line.hasPrefix("model name"), let colon = line.firstIndex(of: ":") else { continue }
        return String(line[colon...].dropFirst().drop { $0 == " " })
    }
    return "unknown"
}

/// The bytes that this user can write to a folder's file system; the folder may not exist yet.
func freeSpace(at folder: String) -> Int {
    var folder = folder
    var system = statvfs()
    while statvfs(folder, &system) != 0 {
        guard folder != "/", folder != "." else { return 0 }
        folder = Files.folder(of: folder)
    }
    return Int(
        clamping: system.f_bavail.multipliedReportingOverflow(by: system.f_frsize).partialValue)
}
