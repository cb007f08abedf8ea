import FoundationEssentials
import Glibc
import Requirements
import Testing

@Suite(
    "cluster/image", .bench,
    .needs(.root, .program("buildah"), .program("patchelf")))
struct ContainerImageTests {
    /// The regular files in a folder, by their relative paths, with their modes.
    private func files(in root: String) async throws -> [String: String] {
        let find = try await bench.start([
            "find", root, "-type", "f", "-printf", "%P %m\n",
        ]).end()
        #expect(find.status == 0, "\(find)")
        let pairs = find.output.split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(
            uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
    }

    @Test("makes an image with Tern and its dependencies, which trains as a non-root user")
    func image() async throws {
        let image = try await ContainerImage()
        // The same program gives the same image.
        #expect(try await ContainerImage("again").digest == image.digest)
        #expect(image.configuration.config.user == "65532:65532")
        #expect(image.configuration.config.entrypoint == ["/opt/tern/tern"])
        let version = try await tern(["--version"]).output.dropLast()
        #expect(
            image.configuration.config.labels["org.opencontainers.image.version"]
                == String(version))
        let files = try await files(in: image.root)
        let programs = files.keys.filter {
            !$0.contains(".so") && !$0.hasPrefix("opt/tern/lib/copyright/") && !$0.hasPrefix("etc/")
        }
        #expect(programs == ["opt/tern/tern"])
        #expect(files.values.allSatisfy { ["644", "755"].contains($0) }, "\(files)")

        let (data, run) = (try SampleData(), RunFolder("runs/first"))
        let plain = try await Recipe.small.train(data, into: RunFolder("plain"))
        try FileManager.default.createDirectory(
            atPath: bench.path("runs"), withIntermediateDirectories: false)
        #expect(chown(bench.path("runs"), 65532, 65532) == 0)
        let script = """
            buildah() { command buildah --root "$1/store" --runroot "$1/run" --storage-driver vfs "${@:2}"; }
            container=$(buildah "$1" from "oci-archive:$2") && \
            buildah "$1" run --isolation chroot --volume "$3:/data:ro" --volume "$4:/runs" "$container" -- \
            /opt/tern/tern "${@:5}"
            """
        let options = Recipe.small.arguments(data, into: run)
            .map { $0 == data.folder ? "/data" : $0 == run.path ? "/runs/first" : $0 }
        let training = try await bench.start(
            ["bash", "-c", script, "bash", bench.path("buildah"), image.archive, data.folder]
                + [bench.path("runs")] + options
        ).end()
        #expect(training.status == 0, "\(training)")
        #expect(try run.summary.weights == plain.weights)
    }
}
