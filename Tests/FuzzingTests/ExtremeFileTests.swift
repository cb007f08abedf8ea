import Fuzzing
import ModelFiles
import NeuralNetwork
import RunFolder
import Settings
import Testing

@Suite("A file with an absurd number is rejected or does no harm")
struct ExtremeFileTests {
    /// The copies of a safetensors file with an extreme number in one of its JSON texts.
    ///
    /// Each gets a valid digest, so that the digest does not reveal the change.
    private func altered(_ bytes: [UInt8], key: String) throws -> [AlteredNumber] {
        let file = try Safetensors(parsing: bytes, path: "sample")
        let text = try #require(file.metadata[key])
        return alteredNumbers(ofJSON: Array(text.utf8)).map { altered in
            var file = file
            file.metadata[key] = String(decoding: altered.bytes, as: UTF8.self)
            return AlteredNumber(
                field: altered.field, value: altered.value, bytes: file.encoded())
        }
    }

    @Test("a checkpoint")
    func checkpoint() throws {
        let bytes = fuzzedCheckpoint.encoded()
        let all = try altered(bytes, key: "tern")
        for file in all {
            FuzzTarget.safetensors.run(file.bytes)
            let isFree = ["seed", "learningRate", "clipNorm", "gamma", "weightDecay", "loss"]
                .contains(file.field)
            guard !isFree, ["\(Int.max)", "\(Int.min)", "1e300", "-1"].contains(file.value) else {
                continue
            }
            #expect(throws: SafetensorsError.self, "\(file.field) of \(file.value) was taken") {
                try Checkpoint(parsing: file.bytes, path: "file")
            }
        }
        #expect(Set(all.map(\.field)).isSuperset(of: ["step", "epoch", "examples", "seconds"]))
    }

    @Test("a wrong step is named")
    func named() throws {
        var checkpoint = fuzzedCheckpoint
        checkpoint.step = -1
        let error = try #require(throws: SafetensorsError.self) {
            try Checkpoint(parsing: checkpoint.encoded(), path: "file")
        }
        #expect(error.description.contains("its step is -1, not from 0 to 4503599627370496"))
    }

    @Test("a safetensors header, and the texts of a model")
    func model() throws {
        let model = ModelFile(
            architecture: fuzzedCheckpoint.architecture, dataset: "sample",
            configuration: fuzzedCheckpoint.configuration,
            parameters: fuzzedCheckpoint.parameters)
        let bytes = model.encoded()
        for key in ["architecture", "configuration"] {
            for file in try altered(bytes, key: key) { FuzzTarget.safetensors.run(file.bytes) }
        }
        // Without metadata no digest reveals the change.
        let plain = try Safetensors(parsing: bytes, path: "sample").withoutMetadata
        for header in alteredNumbers(ofJSON: plain.header) {
            FuzzTarget.safetensors.run(plain.file(header: header.bytes))
        }
        for file in alteredNumbers(ofHeader: plain.file(header: plain.header), in: 0..<8) {
            FuzzTarget.safetensors.run(file.bytes)
        }
    }

    @Test("a config.json")
    func configuration() {
        var configuration = RunConfiguration()
        configuration.workers = 2
        configuration.training.convolution = [3]
        let all = alteredNumbers(ofJSON: configuration.encoded())
        for file in all { FuzzTarget.configuration.run(file.bytes) }
        #expect(Set(all.map(\.field)).isSuperset(of: ["workers", "warmup", "convolution", "seed"]))
    }

    @Test("the header of a file of examples")
    func examples() {
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]
        let bytes = header + [1, 2, 3, 4, 5, 6, 7, 8]
        for file in alteredNumbers(ofHeader: bytes, in: 4..<16, isBigEndian: true) {
            FuzzTarget.examples.run(file.bytes)
        }
    }

    @Test("a line of steps.csv")
    func record() {
        for (format, field) in RecordFormat.allCases.flatMap({ form in (0..<4).map { (form, $0) } })
        {
            let sum = String(repeating: "8a", count: format.byteCount)
            let line = "470,2,0,128,\(sum)"
            for value in Extremes.integers {
                var fields = line.split(separator: ",").map(String.init)
                fields[field] = "\(value)"
                let altered = Array(fields.joined(separator: ",").utf8)
                guard let record = StepRecord(parsing: altered[...], format) else { continue }
                #expect((0...1 << 52).contains(record.step), "\(fields)")
                #expect(record.positions.upperBound <= 1 << 31, "\(fields)")
            }
        }
    }
}

/// The parts of a safetensors file.
private struct PlainFile {
    let header: [UInt8]
    let data: [UInt8]

    /// The file with another header.
    func file(header: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
    }
}

extension Safetensors {
    fileprivate var withoutMetadata: PlainFile {
        let entries = tensors.map { tensor in
            "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
                + "\"data_offsets\":[\(tensor.range.lowerBound),\(tensor.range.upperBound)]}"
        }
        return PlainFile(
            header: Array("{\(entries.joined(separator: ","))}".utf8),
            data: tensors.flatMap { bytes(of: $0) })
    }
}
