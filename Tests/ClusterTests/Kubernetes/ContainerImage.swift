import Foundation
import Testing

/// The container image of the built program, unpacked.
struct ContainerImage {
    /// The image's configuration, with the field names of its archive.
    struct Configuration: Decodable {
        struct Process: Decodable {
            let user: String
            let entrypoint: [String]
            let labels: [String: String]

            enum CodingKeys: String, CodingKey {
                case user = "User"
                case entrypoint = "Entrypoint"
                case labels = "Labels"
            }
        }

        let architecture: String
        let config: Process
    }

    private struct Index: Decodable {
        struct Entry: Decodable {
            let digest: String
            var path: String { "blobs/\(digest.replacing(":", with: "/"))" }
        }
        let manifests: [Entry]
    }

    private struct Manifest: Decodable {
        let config: Index.Entry
        let layers: [Index.Entry]
    }

    let archive: String
    /// The digest of the image in its archive.
    let digest: String
    /// The folder with all of the image's files.
    let root: String
    let configuration: Configuration

    /// Builds the image, in a folder of this name on the test's bench.
    init(_ name: String = "image") async throws {
        archive = bench.path("\(name).tar")
        let building = try await bench.start(
            [packagePath("cluster/image"), ternPath, archive]
        ).end()
        #expect(building.status == 0, "\(building)")
        #expect(building.output == "\(archive)\n")
        let parts = bench.path("\(name)-parts")
        root = bench.path(name)
        func unpack(_ archive: String, into folder: String) async throws {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false)
            let tar = try await bench.start(["tar", "-C", folder, "-xpf", archive]).end()
            #expect(tar.status == 0, "\(tar)")
        }
        func part<Value: Decodable>(_ name: String) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(readFile("\(parts)/\(name)")))
        }
        try await unpack(archive, into: parts)
        let index: Index = try part("index.json")
        let entry = try #require(index.manifests.first)
        digest = entry.digest
        let manifest: Manifest = try part(entry.path)
        configuration = try part(manifest.config.path)
        #expect(manifest.layers.count == 1)
        try await unpack("\(parts)/\(manifest.layers[0].path)", into: root)
    }
}
