import Files
import FoundationEssentials
import Monitoring
import RunEvents
import Testing
import TestSupport

@Suite("The timing file") struct TimingFileTests {
    @Test("has flat lines with snake_case names, which read back unchanged")
    func line() throws {
        var line = TimingLine(time: 1.5, interval: 1, seconds: 9, epoch: 2, step: 30)
        line.learningRate = 0.25
        line.phases.wait = 0.75
        var worker = TimingReport.WorkerTiming(worker: "node\n:1")
        worker.lanes = [0.5, 0.25]
        worker.clockOffset = -3
        line.workers = [worker]
        let text = jsonText(line, isSnakeCase: true)
        #expect(!text.contains("\n"))
        for part in [
            #""time":1.5"#, #""learning_rate":0.25"#, #""wait":0.75"#, #""clock_offset":-3"#,
            #""bytes_sent":0"#, #""lanes":[0.5,0.25]"#, #""step":30"#,
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(TimingLine.self, from: Data(text.utf8)) == line)
    }

    @Test("drops a half-written last line of a killed session")
    func halfWritten() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(TimingFile.name)"
        for (before, after) in [("{}\n{\"ti", "{}\n"), ("{", ""), ("{}\n", "{}\n")] {
            try Data(before.utf8).write(to: URL(filePath: path))
            _ = try TimingFile(in: Folder(folder.path))
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(after.utf8))
        }
    }
}
