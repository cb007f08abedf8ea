import Datasets
import Testing
import TestSupport

@Suite("Damaged files")
struct DamageTests {
    @Test("are detected if a raw file is truncated at any length", arguments: sampleFiles.keys)
    func rawTruncation(name: String) async throws {
        let whole = sampleFiles[name] ?? []
        let header = 4 + 4 * Int(whole[3])
        let folder = try SampleFolder()
        for length in 0..<whole.count {
            try folder.write(name, Array(whole[..<length]))
            let expected = length < header ? header : whole.count
            let error = DatasetError.truncated(
                file: folder[name], expected: expected, actual: length)
            await #expect(throws: error) { try await folder.load() }
        }
    }

    @Test("are detected if a gzipped file is truncated at any length", arguments: sampleFiles.keys)
    func gzipTruncation(name: String) async throws {
        let packed = gzip(sampleFiles[name] ?? [])
        let folder = try SampleFolder()
        for length in 2..<packed.count {
            try folder.write(name, Array(packed[..<length]))
            let error = await #expect(throws: DatasetError.self) { try await folder.load() }
            guard case .damagedGzip(folder[name], _, "the file ends too early") = error else {
                Issue.record("cut at \(length): \(String(describing: error))")
                return
            }
        }
    }

    @Test("with a flipped bit in gzip data are detected, unless the content is unchanged")
    func gzipBitFlips() async throws {
        let packed = gzip(sampleFiles[FileName.trainImages] ?? [])
        let folder = try SampleFolder()
        let whole = try await folder.load()
        var harmless: Set<Int> = []
        for bit in 0..<8 * packed.count {
            var damaged = packed
            damaged[bit / 8] ^= 1 << (bit % 8)
            try folder.write(FileName.trainImages, damaged)
            guard let dataset = try? await folder.load() else { continue }
            #expect(dataset.train == whole.train, "bit \(bit)")
            harmless.insert(bit / 8)
        }
        // The text flag, time, level, system, and the padding bits of the last data byte carry no
        // content.
        #expect(harmless.isSubset(of: [3, 4, 5, 6, 7, 8, 9, packed.count - 9]))
    }

    @Test("are detected for any flipped bit in a raw header", arguments: sampleFiles.keys)
    func headerBitFlips(name: String) async throws {
        let whole = sampleFiles[name] ?? []
        let folder = try SampleFolder()
        for bit in 0..<8 * (4 + 4 * Int(whole[3])) {
            var damaged = whole
            damaged[bit / 8] ^= 1 << (bit % 8)
            try folder.write(name, damaged)
            await #expect(throws: DatasetError.self, "bit \(bit)") { try await folder.load() }
        }
    }

    @Test("with random damage give a valid data set or a one-line error", arguments: 0..<8)
    func fuzz(seed: UInt64) async throws {
        var random = SplitMix64(state: seed)
        for _ in 0..<100 {
            let folder = try SampleFolder()
            for (name, bytes) in sampleFiles.sorted(by: { $0.key < $1.key }) {
                let packed = Bool.random(using: &random)
                try folder.write(
                    name, damaged(packed ? gzip(bytes) : bytes, using: &random))
            }
            do {
                let dataset = try await folder.load()
                let images = dataset.train
                #expect(images.values.count == images.count * images.shape.byteCount)
                #expect(images.labels.allSatisfy { $0 < dataset.classes })
            } catch {
                #expect(!error.description.isEmpty)
                #expect(!error.description.contains { $0.isNewline })
            }
        }
    }

    /// The bytes with up to three overwritten, or with a piece removed, duplicated or inserted.
    private func damaged(
        _ bytes: [UInt8], using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var bytes = bytes
        let piece = Int.random(in: 0..<bytes.count, using: &random)..<bytes.count
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.removeSubrange(piece)
        case 1: bytes.append(contentsOf: bytes[piece])
        case 2: bytes = piece.map { _ in UInt8.random(in: 0...255, using: &random) }
        default:
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return bytes
    }
}
