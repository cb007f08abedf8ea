import Files
import Foundation
import Testing
import Watching

@Suite("The curves of a run's metrics")
final class MetricsWatchTests {
    private let path = NSTemporaryDirectory() + "tern-metrics-" + UUID().uuidString
    private let folder: Folder
    private let watch: MetricsWatch

    init() throws {
        try Files.makeFolder(path)
        folder = try Folder(path)
        watch = MetricsWatch(folder)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func step(_ step: Int, loss: String) -> String {
        """
        {"accuracy":0.5,"epoch":1,"examples":10,"learning_rate":0.01,"loss":\(loss),\
        "seconds":\(step),"step":\(step),"type":"step"}\n
        """
    }

    private let epoch = """
        {"epoch":1,"examples":20,"seconds":3,"step":2,"test_accuracy":0.9,"test_loss":0.25,\
        "train_loss":1,"type":"epoch"}\n
        """

    private func write(_ text: String) throws {
        try folder.writeAtomically(Array(text.utf8), to: "metrics.jsonl")
    }

    @Test("have the values of the lines, and drop the steps of a rewind")
    func followsMetrics() throws {
        #expect(try !watch.poll())
        try write(step(1, loss: "2.5") + step(2, loss: "1.5") + epoch)
        #expect(try watch.poll())
        #expect(watch.curves.trainLoss.points.map(\.mean) == [2.5, 1.5])
        #expect(watch.curves.examplesPerSecond.points.map(\.mean) == [10, 10])
        #expect(watch.curves.testAccuracy.last == 0.9)
        #expect(watch.curves.testLoss.last == 0.25)
        #expect(watch.curves.step == 2)
        try write(step(1, loss: "2.5"))
        #expect(try watch.poll())
        #expect(watch.curves.trainLoss.points.map(\.mean) == [2.5])
        #expect(watch.curves.step == 1)
    }

    @Test("skip and count damaged lines and numbers out of range")
    func skipsBadLines() throws {
        try write(
            "{\n[]\n\u{1B}[2J\n" + step(-1, loss: "1") + step(1 << 60, loss: "1")
                + step(1, loss: "null") + step(2, loss: "0.5"))
        #expect(try watch.poll())
        #expect(watch.skippedLines == 5)
        #expect(watch.curves.trainLoss.points.map(\.mean) == [0.5])
        #expect(watch.curves.step == 2)
    }
}
