import Benchmarks
import Datasets
import Glibc
import Testing

@Suite("Training benchmarks") struct TrainSettingsTests {
    @Test("run all combinations and vary the last setting fastest")
    func combinations() {
        let all = TrainSettings.combinations(
            cells: [.rnn, .lstm], hidden: [20], batchSizes: [10, 128], workers: [1, 2],
            threads: [1])
        #expect(all.count == 8)
        #expect(all.map(\.workers) == [1, 2, 1, 2, 1, 2, 1, 2])
        #expect(all.map(\.cell) == [.rnn, .rnn, .rnn, .rnn, .lstm, .lstm, .lstm, .lstm])
    }

    @Test("pass the settings as command-line options")
    func arguments() {
        let settings = TrainSettings.combinations(
            cells: [.lstm], hidden: [128], layers: 2, bidirectional: true, batchSizes: [10],
            workers: [3], threads: [4])
        #expect(
            settings.first?.arguments.joined(separator: " ")
                == "--cell lstm --hidden 128 --layers 2 --batch-size 10 --workers 3 --threads 4 "
                + "--bidirectional")
    }

    @Test("write readable synthetic images, the same each time")
    func synthetic() async throws {
        var digests: Set<String> = []
        for _ in 0..<2 {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try SyntheticImages(train: 50, test: 20).write(to: folder.path)
            let dataset = try await Dataset.load(.mnist, directory: folder.path, environment: [:])
            #expect(dataset.train.count == 50)
            #expect(dataset.test.count == 20)
            #expect(dataset.train.shape == ExampleShape(rows: 28, columns: 28))
            #expect(dataset.classes == 10)
            digests.insert(dataset.digest)
        }
        #expect(digests.count == 1)
    }

    @Test("report the peak memory of a process")
    func memory() {
        var memory = ProcessMemory(of: getpid())
        let isThere = memory.look()
        #expect(isThere)
        #expect((1 << 20..<1 << 40).contains(memory.peak ?? 0))
        // No process has this number: the kernel's limit is 2^22.
        var nobody = ProcessMemory(of: 1 << 23)
        let isNobodyThere = nobody.look()
        #expect(!isNobodyThere)
        #expect(nobody.peak == nil)
    }
}
