import Files
import Glibc
import Logging
import Monitoring
import Testing
import ZeroMQ

/// A pipe with a buffer of 4 KB.
private struct SmallPipe {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
        let setSize: Int32 = 1031  // F_SETPIPE_SZ, which Swift's Glibc does not define
        _ = fcntl(writing, setSize, 4096)
    }

    /// All bytes up to the end.
    func readAll(pausing microseconds: UInt32 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1000)
        while case let count = read(reading, &buffer, buffer.count), count > 0 {
            bytes += buffer.prefix(count)
            usleep(microseconds)
        }
        close(reading)
        return bytes
    }
}

@Suite("Output") struct OutputTests {
    @Test("loses nothing on a non-blocking descriptor", arguments: [0, O_NONBLOCK])
    func slow(flag: Int32) async throws {
        let pipe = SmallPipe()
        _ = fcntl(pipe.writing, F_SETFL, O_WRONLY | flag)
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let thread = BackgroundThread(name: "writer")
        thread.perform {
            try? Output.write(bytes, to: pipe.writing)
            close(pipe.writing)
        }
        #expect(pipe.readAll(pausing: 100) == bytes)
    }

    @Test("ignores a reader that has gone, but reports a broken descriptor")
    func broken() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = SmallPipe()
        close(pipe.reading)
        try Output.write([1, 2, 3], to: pipe.writing)
        close(pipe.writing)
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        #expect(throws: OutputError.failed(code: ENOSPC)) { try Output.write([1], to: full) }
    }

    @Test("times out if the reader does not read")
    func patience() {
        let pipe = SmallPipe()
        defer { for end in [pipe.reading, pipe.writing] { close(end) } }
        #expect(throws: OutputError.failed(code: ETIMEDOUT)) {
            try Output.write(
                [UInt8](repeating: 0, count: 10_000), to: pipe.writing, patience: 10)
        }
    }

    @Test("of a log never waits for a hanging disk, and buffers everything until it recovers")
    func hangingDisk() async throws {
        // A pipe without a reader blocks like such a disk.
        let pipe = SmallPipe()
        let (sink, record) = (LogSink(), RecordThread())
        sink.add(log: pipe.writing, path: "coordinator.log", events: nil, on: record)
        let logger = Logger(label: "test") { _ in SinkLogHandler(sink, level: .debug) }
        let isFlushed = Locked(false)
        for line in 0..<300 { logger.debug("line \(line)") }
        record.flush { _ in
            isFlushed.withLock { $0 = true }
            close(pipe.writing)
        }
        #expect(!isFlushed.withLock { $0 })
        let lines = String(decoding: pipe.readAll(), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 300)
        for (number, line) in lines.enumerated() {
            #expect(line.hasSuffix(" debug line \(number)"))
        }
        #expect(await record.finish() == nil)
    }

    @Test("of a record stops at the first failure and reports it")
    func fullDisk() async {
        let record = RecordThread()
        let written = Locked<[Int]>([])
        let failure = FileError(operation: "write", path: "steps.csv", code: ENOSPC)
        for number in 0..<10 {
            record.perform(bytes: 8) { () throws(FileError) in
                if number == 5 { throw failure }
                written.withLock { $0.append(number) }
            }
        }
        #expect(await record.finish() == failure)
        #expect(written.withLock { $0 } == [0, 1, 2, 3, 4])
    }

    @Test("of a record has room until 64 MB are buffered")
    func room() async {
        let record = RecordThread()
        let gate = SmallPipe()
        record.perform(bytes: 1 << 20) { () throws(FileError) in _ = gate.readAll() }
        #expect(record.hasRoom)
        record.perform(bytes: 63 << 20) { () throws(FileError) in }
        #expect(!record.hasRoom)
        close(gate.writing)
        _ = await record.finish()
        #expect(record.hasRoom)
    }
}
