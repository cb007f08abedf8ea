import FoundationEssentials
import Requirements
import Testing

/// The folder of the real MNIST; nil if there is none.
private let mnist: String? = {
    let package = URL(filePath: #filePath).appending(path: "../../..").standardized
    let places = ["data/mnist", "../shared/data/mnist"].map { package.appending(path: $0) }
    let named = ProcessInfo.processInfo.environment["TERN_MNIST_DIR"]
    return ([named].compactMap(\.self) + places.map { $0.standardized.path(percentEncoded: false) })
        .first { FileManager.default.fileExists(atPath: "\($0)/\(SampleData.trainImages).gz") }
}()

private let fashion = "/usr/share/datasets/fashion-mnist"
private let realFashionMNIST = Requirement("the package dataset-fashion-mnist") {
    FileManager.default.fileExists(atPath: fashion)
}
private let realMNIST = Requirement("MNIST, in the folder that TERN_MNIST_DIR names") {
    mnist != nil
}

@Suite("Real data", .bench)
struct RealDataTests {
    private static let recipe = Recipe().with("--epochs", "1", "--batch-size", "500")

    @Test(
        "train to the same bits with any number of workers, and are evaluated where they are found",
        .needs(realMNIST))
    func train() async throws {
        let folder = try #require(mnist)
        var weights: Set<String> = []
        for (workers, threads) in [(2, 1), (3, 2)] {
            let run = RunFolder("run-\(workers)")
            let recipe = Self.recipe.with("--workers", "\(workers)", "--threads", "\(threads)")
            let summary = try await recipe.train(SampleData(at: folder), into: run)
            #expect(summary.dataset == "mnist")
            #expect(summary.examples == 60_000)
            #expect(try #require(summary.testAccuracy) > 0.7)
            weights.insert(summary.weights)
        }
        #expect(weights.count == 1)
        let ending = try await tern(
            ["evaluate", bench.path("run-2")], environment: ["TERN_MNIST_DIR": folder])
        #expect(ending.status == 0)
        #expect(ending.output.contains("mnist, 10000 test images"))
    }

    @Test(
        "are recognised as MNIST by tern dataset info",
        .needs(realMNIST))
    func info() async throws {
        let folder = try #require(mnist)
        let ending = try await tern(["dataset", "info"], environment: ["TERN_MNIST_DIR": folder])
        #expect(ending.status == 0)
        let sum = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        expectLines(
            ending.output, "data set  mnist", "folder    \(folder)",
            "train     60000 images of 28x28", "test      10000 images of 28x28", "classes   10",
            "sha256    \(sum)  \(folder)/\(SampleData.trainImages).gz: known")
    }

    @Test(
        "are found where Debian installs Fashion-MNIST",
        .needs(realFashionMNIST))
    func fashionMNIST() async throws {
        let ending = try await tern(["dataset", "info", "--dataset", "fashion-mnist"])
        #expect(ending.status == 0)
        expectLines(
            ending.output, "data set  fashion-mnist", "folder    \(fashion)",
            "train     60000 images of 28x28", "classes   10")
        #expect(ending.output.components(separatedBy: ": known").count == 5)
    }

    @Test("that are unknown are described by tern dataset info, with their unknown checksums")
    func unknown() async throws {
        let data = try SampleData()
        let ending = try await tern(["dataset", "info", "--data", data.folder])
        #expect(ending.status == 0)
        expectLines(
            ending.output, "data set  custom (none of the known ones)", "folder    \(data.folder)",
            "train     600 images of 12x12", "test      200 images of 12x12", "classes   10")
        #expect(ending.output.components(separatedBy: ": not the known ").count == 5)
    }

    private func expectLines(
        _ text: String, _ lines: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = text.split(separator: "\n").map(String.init)
        for line in lines {
            #expect(found.contains(line), "\(line) in \(text)", sourceLocation: sourceLocation)
        }
    }
}
