import FoundationEssentials
import Testing

/// The path of a PNG file among the fixtures of the decoder's tests.
private func picture(_ name: String) -> String {
    packagePath("Tests/ImagesTests/Fixtures/\(name).png")
}

@Suite("tern predict", .bench)
struct PredictionTests {
    /// A prediction in the output of `--format json`.
    private struct Prediction: Decodable {
        let image: String
        let `class`: Int
        let probabilities: [Double]
        let notes: [String]
    }

    /// An element that reports why there is no prediction.
    private struct Refusal: Decodable {
        let image: String
        let error: String
    }

    /// An element of either kind.
    private struct Entry: Decodable {
        let image: String
        let `class`: Int?
        let error: String?
    }

    @Test("prints the class of a PNG file and its conversions, separated by tabs")
    func line() async throws {
        let (_, run) = try await trained()
        for name in ["seven", "rgba", "palette", "grey16", "interlaced", "blank"] {
            let ending = try await tern(["predict", run.path, picture(name)])
            #expect(ending.status == 0 && ending.errors == "", "\(ending)")
            let lines = ending.output.split(separator: "\n")
            let fields = try #require(lines.first).split(separator: "\t")
            #expect(lines.count == 1 && fields.count == 4, "\(ending)")
            #expect(fields[0] == picture(name))
            #expect((0..<10).contains(try #require(Int(fields[1]))))
            #expect(fields[2].wholeMatch(of: /\d{1,3}\.\d\d%/) != nil, "\(fields)")
        }
        let seven = try await tern(["predict", run.path, picture("seven")])
        #expect(seven.output.contains("200x180, inverted"))
        #expect(seven.output.contains("scaled to 12x12"))
    }

    @Test("prints JSON with probabilities that sum to 1 and the likeliest class")
    func json() async throws {
        let (data, run) = try await trained()
        let files = [picture("seven"), picture("shades")]
        let images = [data.path(SampleData.testImages), "--index", "3", "--index", "198-199"]
        var predictions = try await predict([run.path] + files)
        #expect(predictions.map(\.image) == files)
        #expect(predictions[0].notes.contains("200x180"))
        predictions += try await predict([run.path] + images)
        #expect(
            predictions.dropFirst(2).map(\.image) == [3, 198, 199].map { "\(images[0])[\($0)]" })
        for prediction in predictions {
            #expect(prediction.probabilities.count == 10)
            #expect(prediction.probabilities.allSatisfy { (0...1).contains($0) })
            #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-6)
            let largest = prediction.probabilities.max()
            #expect(prediction.probabilities[prediction.class] == largest)
        }
    }

    @Test("has the accuracy of the run's test, from IDX files compressed or not")
    func accuracy() async throws {
        let (data, run) = try await trained()
        let accuracy = try #require(try run.summary.testAccuracy)
        #expect(accuracy > 0.5)
        let labels = try readFile(data.path(SampleData.testLabels)).dropFirst(8).map { Int($0) }
        let images = data.path(SampleData.testImages)
        let classes = try await predict([run.path, images, "--index", "0-199"]).map(\.class)
        let right = zip(classes, labels).count { $0 == $1 }
        #expect(classes.count == labels.count && right == Int((200 * accuracy).rounded()))

        let packing = try bench.start(["gzip", images])
        #expect(try await packing.end().status == 0)
        let packed = try await predict([run.path, "\(images).gz", "--index", "0-199"])
        #expect(packed.map(\.class) == classes)
    }

    @Test("draws the image beside its likeliest classes on a terminal")
    func drawing() async throws {
        let (_, run) = try await trained()
        // A bright bar above a stem, on a dark background: both halves, upper half, lower half.
        var pixels = [UInt8](repeating: 10, count: 144)
        for column in 2..<10 { pixels[2 * 12 + column] = 255 }
        for row in 3..<10 { pixels[row * 12 + 5] = 255 }
        pixels[11 * 12] = 255
        let file = try writeFile("drawn-idx3-ubyte", idx([1, 12, 12], pixels))
        let terminal = try Terminal()
        let process = try start(["predict", run.path, file, "--index", "0"], terminal: terminal)
        let ending = try await process.end()
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        let lines = terminal.text.replacing("\r\n", with: "\n").split(separator: "\n")
        try #require(lines.count == 11, "\(lines)")
        #expect(lines[0] == "\(file)[0]")
        let drawn = [
            "            ", "  ▀▀▀█▀▀▀▀  ", "     █      ", "     █      ", "     █      ",
            "▄           ",
        ]
        for (line, expected) in zip(lines.dropFirst(), drawn) {
            #expect(line.hasPrefix("  \(expected)  "), "\(line)")
        }
        let shares = lines.dropFirst().compactMap { line in
            line.firstMatch(of: /\d +(\d+\.\d\d)%/).flatMap { Double($0.1) }
        }
        #expect(shares.count == 10 && shares == shares.sorted(by: >))
        #expect(lines[1].contains("█"))
    }

    /// Arguments after the model, and the expected error.
    struct Fault: CustomTestStringConvertible {
        let testDescription: String
        let status: Int32
        let arguments: @Sendable (SampleData) -> [String]
        let parts: [String]

        init(
            _ description: String, _ status: Int32, _ parts: String...,
            arguments: @escaping @Sendable (SampleData) -> [String]
        ) {
            testDescription = description
            self.status = status
            self.parts = parts
            self.arguments = arguments
        }
    }

    static let faults: [Fault] = [
        Fault("a text file", 65, picture("text"), "is a text, not a PNG file", "to PNG") { _ in
            [picture("text")]
        },
        Fault("an empty file", 65, picture("empty"), "is an empty file, not a PNG file") { _ in
            [picture("empty")]
        },
        Fault("an IDX file without indices", 65, "is an IDX file, not a PNG file", "--index") {
            [$0.path(SampleData.testImages)]
        },
        Fault("a truncated PNG file", 65, picture("truncated"), "is damaged") { _ in
            [picture("truncated")]
        },
        Fault("a PNG file with a wrong checksum", 65, picture("checksum"), "is damaged") { _ in
            [picture("checksum")]
        },
        Fault("a PNG file of 2^60 pixels", 65, picture("huge"), "is damaged") { _ in
            [picture("huge")]
        },
        Fault("a PNG file of too many pixels", 65, "has 100000x1000 pixels") { _ in
            [picture("large")]
        },
        Fault("an index beyond the last", 64, "has no image 200", "--index from 0 to 199") {
            [$0.path(SampleData.testImages), "--index", "0", "--index", "190-200"]
        },
        Fault("labels instead of images", 65, "has 1 dimension", "give the file of examples") {
            [$0.path(SampleData.testLabels), "--index", "0"]
        },
        Fault("a PNG file with an index", 65, picture("seven"), "is a PNG file, not an IDX") { _ in
            [picture("seven"), "--index", "0"]
        },
        Fault("a file that is not there", 74, "cannot read /none.png", "check the path") { _ in
            ["/none.png"]
        },
        Fault("an IDX file that is not there", 66, "cannot read '/none'", "check its name") { _ in
            ["/none", "--index", "0"]
        },
        Fault("a folder", 74, "Is a directory") { [$0.folder] },
    ]

    @Test("rejects in one line an image that the model cannot read", arguments: faults)
    func refusal(fault: Fault) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        for format in ["text", "json"] {
            let ending = try await tern(
                ["predict", run.path] + fault.arguments(data) + ["--format", format])
            expectRefusal(ending, status: fault.status, fault.parts)
            guard format == "json" else { continue }
            let entries = try JSONDecoder().decode([Refusal].self, from: Data(ending.output.utf8))
            #expect(entries.map { "tern: error: \($0.error)\n" } == [ending.errors])
        }
    }

    @Test("prints all valid predictions before it fails for unreadable images")
    func others() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let files = [picture("seven"), picture("checksum"), picture("none"), picture("shades")]
        let ending = try await tern(["predict", run.path] + files)
        #expect(ending.status == 65)
        #expect(
            ending.output.split(separator: "\n").map { String($0.split(separator: "\t")[0]) }
                == [files[0], files[3]])
        #expect(ending.errorLines.count == 2)
        #expect(ending.errorLines[0].hasPrefix("tern: error: \(files[1]) is damaged"))
        #expect(ending.errorLines[1].hasPrefix("tern: error: cannot read \(files[2])"))

        let json = try await tern(["predict", run.path, "--format", "json"] + files)
        #expect(json.status == 65 && json.errors == ending.errors)
        let output = Data(json.output.utf8)
        let entries = try JSONDecoder().decode([Entry].self, from: output)
        #expect(entries.map(\.image) == files)
        #expect(entries.map { $0.class == nil } == [false, true, true, false])
        #expect(entries.map { $0.error == nil } == [true, false, false, true])
    }

    @Test("rejects images of another size than the model's, and files without a model")
    func otherModel() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let other = try SampleData("other", side: 8)
        try await expectRefusal(
            ["predict", run.path, other.path(SampleData.testImages), "--index", "0"], status: 65,
            "is of 12x12 images", "holds 8x8", "like those the model learned from")
        let images = [data.path(SampleData.testImages), "--index", "0"]
        try await expectRefusal(
            ["predict", bench.path("none")] + images, status: 74,
            "cannot read \(bench.path("none"))")
        try await expectRefusal(
            ["predict", data.folder] + images, status: 66, "holds no model.safetensors")
        try await expectRefusal(
            ["predict", picture("seven"), picture("seven")], status: 65,
            "\(picture("seven")) is a PNG file, not a safetensors file")
    }

    @Test("asks for numbers if --index has an invalid value", arguments: ["x", "3-1", "-1", "1-"])
    func index(text: String) async throws {
        let ending = try await tern(["predict", "model", "images", "--index=\(text)"])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("The value '\(text)' is invalid for '--index <n>'"))
    }

    /// A data set, and a run that learned it well enough to be right more often than not.
    private func trained() async throws -> (SampleData, RunFolder) {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.with("--cell", "gru", "--epochs", "8", "--batch-size", "25")
            .train(data, into: run)
        return (data, run)
    }

    private func predict(_ arguments: [String]) async throws -> [Prediction] {
        let ending = try await tern(["predict"] + arguments + ["--format", "json"])
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        return try JSONDecoder().decode([Prediction].self, from: Data(ending.output.utf8))
    }
}
