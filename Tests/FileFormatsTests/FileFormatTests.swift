import FileFormats
import Testing

@Suite("File formats, recognised by their first bytes")
struct FileFormatTests {
    static let heads: [(String, [UInt8])] = [
        ("an empty file", []),
        ("a gzip file", [0x1f, 0x8b, 8, 0]),
        ("a bzip2 file", Array("BZh91AY&SY".utf8)),
        ("an xz file", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]),
        ("a Zstandard file", [0x28, 0xb5, 0x2f, 0xfd, 4]),
        ("a ZIP archive", zip("train-images-idx3-ubyte")),
        ("a pickle of torch.save", zip("archive/data.pkl")),
        ("a NumPy archive (.npz)", zip("arr_0.npy")),
        ("a tar archive", [UInt8](repeating: 0x61, count: 257) + Array("ustar\0".utf8)),
        ("a PNG file", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
        ("a JPEG file", [0xff, 0xd8, 0xff, 0xe0, 0, 16]),
        ("a HEIC file", [0, 0, 0, 24] + Array("ftypheic".utf8)),
        ("a pickle of torch.save", [0x80, 2, 0x8a, 0x0a]),
        ("a safetensors file", [64, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":".utf8)),
        ("a Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
        ("an IDX file", [0, 0, 8, 3, 0, 0, 0, 1]),
        ("a web page", Array("<!DOCTYPE html>\n<html>".utf8)),
        ("a web page", Array("\n\n<html lang=\"en\">".utf8)),
        ("a web page", [0xef, 0xbb, 0xbf] + Array("<HTML>".utf8)),
        ("a text", Array("label,pixel\n5,0\n".utf8)),
    ]

    @Test("are named", arguments: heads)
    func name(name: String, head: [UInt8]) {
        #expect(FileFormat(of: head)?.name == name)
    }

    @Test("are unknown for other bytes and for incomplete signatures")
    func unknown() {
        #expect(FileFormat(of: [7, 200, 3]) == nil)
        #expect(FileFormat(of: [0xfd, 0x37, 0x7a]) == nil)
        #expect(FileFormat(of: [0x89]) == nil)
    }

    /// How a transfer in text mode changes a file.
    static let transfers: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
        (
            "line ends",
            {
                $0.split(separator: [13, 10], omittingEmptySubsequences: false).reduce([]) {
                    $0 + ($0.isEmpty ? [] : [10]) + $1
                }
            }
        ),
        ("line ends", { $0.flatMap { $0 == 10 ? [13, 10] : [$0] } }),
        ("line ends", { $0.map { $0 == 13 ? 10 : $0 } }),
        ("line ends", { $0.map { $0 == 10 ? 13 : $0 } }),
        ("eighth bits", { $0.map { $0 & 0x7f } }),
        ("UTF-8", { Array(String(decoding: $0, as: UTF8.self).utf8) }),
        ("UTF-8", { $0.flatMap { Array(String(UnicodeScalar($0)).utf8) } }),
    ]

    @Test("include PNG files that a text-mode transfer damaged", arguments: transfers)
    func changedPNG(what: String, transfer: @Sendable ([UInt8]) -> [UInt8]) throws {
        let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]
        let format = try #require(FileFormat(of: transfer(png)))
        #expect(format.name.hasPrefix("a PNG file whose") && format.name.contains(what))
        #expect(format.remedy?.contains("binary mode") == true)
    }

    @Test("include gzip files that a text-mode transfer damaged", arguments: transfers.suffix(3))
    func changedGzip(what: String, transfer: @Sendable ([UInt8]) -> [UInt8]) throws {
        let format = try #require(FileFormat(of: transfer([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])))
        #expect(format.name.hasPrefix("a gzip file whose") && format.name.contains(what))
    }

    private static func zip(_ name: String) -> [UInt8] {
        [0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 26) + Array(name.utf8)
    }
}
