/// The format that a file's first bytes show, for an error where another was expected.
public struct FileFormat: Sendable, Equatable {
    /// What such a file is: `a bzip2 file`.
    public let name: String
    /// How to get the expected file from it; nil if that depends on what is expected.
    public let remedy: String?

    /// The format of models.
    public static let safetensors = FileFormat("a safetensors file", nil)

    /// The format of archives.
    public static let zip = FileFormat("a ZIP archive", "unpack it with unzip")

    /// The format of data sets.
    public static let idx = FileFormat("an IDX file", nil)

    /// The most bytes that are looked at.
    public static let headSize = 512

    /// The format of a file that begins with these bytes; nil if it is unknown.
    public init?(of file: some Collection<UInt8>) {
        let head = Array(file.prefix(Self.headSize))
        guard let format = Self.marked(head) ?? Self.text(head) else { return nil }
        self = format
    }

    private init(_ name: String, _ remedy: String?) {
        self.name = name
        self.remedy = remedy
    }
}

// MARK: - Formats with magic bytes

extension FileFormat {
    /// Bytes at an offset.
    private struct Mark {
        let offset: Int
        let bytes: [UInt8]

        init(_ bytes: [UInt8], at offset: Int = 0) {
            self.offset = offset
            self.bytes = bytes
        }

        init(_ text: String, at offset: Int = 0) {
            self.init(Array(text.utf8), at: offset)
        }

        func isIn(_ head: [UInt8]) -> Bool { head.dropFirst(offset).starts(with: bytes) }
    }

    private static func marked(_ head: [UInt8]) -> FileFormat? {
        if head.isEmpty { return FileFormat("an empty file", "get or save this file again") }
        if Mark("PK\u{3}\u{4}").isIn(head) { return archive(head) }
        return marks.first { row in row.marks.allSatisfy { $0.isIn(head) } }?.format
    }

    /// What a ZIP archive holds, by the name of its first file.
    private static func archive(_ head: [UInt8]) -> FileFormat {
        let name = String(decoding: head.prefix(160), as: UTF8.self)
        if name.contains("data.pkl") { return pickle }
        if name.contains(".npy") { return FileFormat("a NumPy archive (.npz)", nil) }
        return zip
    }

    private static let pickle = FileFormat(
        "a pickle of torch.save", "save the state_dict with safetensors.torch.save_file")

    /// The first row whose marks all match decides the format.
    private static let marks: [(marks: [Mark], format: FileFormat)] =
        packed + changed + pictures + others

    private static let packed = [
        ([Mark([0x1f, 0x8b])], FileFormat("a gzip file", "unpack it with gunzip")),
        ([Mark("BZh")], FileFormat("a bzip2 file", "unpack it with bunzip2")),
        ([Mark([0xfd] + "7zXZ\0".utf8)], FileFormat("an xz file", "unpack it with unxz")),
        (
            [Mark([0x28, 0xb5, 0x2f, 0xfd])],
            FileFormat("a Zstandard file", "unpack it with unzstd")
        ),
        ([Mark([0x04, 0x22, 0x4d, 0x18])], FileFormat("an LZ4 file", "unpack it with unlz4")),
        ([Mark([0x1f, 0x9d])], FileFormat("a file of compress", "unpack it with uncompress")),
        (
            [Mark([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
            FileFormat("a 7z archive", "unpack it with 7z")
        ),
        ([Mark("Rar!")], FileFormat("a RAR archive", "unpack it with unrar")),
        ([Mark("ustar", at: 257)], FileFormat("a tar archive", "unpack it with tar")),
    ]

    /// Files damaged by a transfer as text.
    private static let changed: [([Mark], FileFormat)] = {
        let again = "transfer it again, in binary mode"
        func row(_ name: String, _ bytes: [UInt8]) -> ([Mark], FileFormat) {
            ([Mark(bytes)], FileFormat(name, again))
        }
        let png = Array("PNG".utf8)
        let asText = "whose bytes a conversion to UTF-8 has changed"
        let cleared = "whose eighth bits were cleared in transfer"
        return [
            ([Mark([0x89] + png + [0x0d, 0x0a, 0x1a, 0x0a])], FileFormat("a PNG file", nil)),
            row("a PNG file whose line ends were changed in transfer", [0x89] + png + [0x0d]),
            row("a PNG file whose line ends were changed in transfer", [0x89] + png + [0x0a]),
            row("a PNG file \(cleared)", [0x09] + png),
            row("a PNG file \(asText)", [0xc2, 0x89] + png),
            row("a PNG file \(asText)", [0xef, 0xbf, 0xbd] + png),
            row("a gzip file \(cleared)", [0x1f, 0x0b, 0x08]),
            row("a gzip file \(asText)", [0x1f, 0xc2, 0x8b, 0x08]),
            row("a gzip file \(asText)", [0x1f, 0xef, 0xbf, 0xbd, 0x08]),
        ]
    }()

    private static let pictures = [
        ([Mark([0xff, 0xd8, 0xff])], FileFormat("a JPEG file", nil)),
        ([Mark("GIF8")], FileFormat("a GIF file", nil)),
        ([Mark("BM"), Mark([0, 0, 0, 0], at: 6)], FileFormat("a BMP file", nil)),
        ([Mark("RIFF"), Mark("WEBP", at: 8)], FileFormat("a WebP file", nil)),
        ([Mark("ftyphei", at: 4)], FileFormat("a HEIC file", nil)),
        ([Mark("ftypavif", at: 4)], FileFormat("an AVIF file", nil)),
        ([Mark("II*\0")], FileFormat("a TIFF file", nil)),
        ([Mark("MM\0*")], FileFormat("a TIFF file", nil)),
        ([Mark("%PDF-")], FileFormat("a PDF file", nil)),
    ]

    private static let others =
        (UInt8(2)...5).map { ([Mark([0x80, $0])], pickle) } + [
            ([Mark([0x93] + "NUMPY".utf8)], FileFormat("a NumPy array (.npy)", nil)),
            ([Mark([0x89] + "HDF".utf8)], FileFormat("an HDF5 file", nil)),
            ([Mark("PAR1")], FileFormat("a Parquet file", nil)),
            ([Mark("GGUF")], FileFormat("a GGUF file", nil)),
            ([Mark("{\"", at: 8)], safetensors),
            (
                [Mark("version https://git-lfs")],
                FileFormat(
                    "a Git LFS pointer", "fetch the file that it stands for with git lfs pull")
            ),
        ]
        + [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e].flatMap { type in
            (UInt8(1)...4).map { rank in
                ([Mark([0, 0, type, rank])], idx)
            }
        }
}

// MARK: - Texts

extension FileFormat {
    private static func text(_ head: [UInt8]) -> FileFormat? {
        let isMark = head.starts(with: [0xef, 0xbb, 0xbf])
        let start = head.dropFirst(isMark ? 3 : 0).drop { $0 <= 0x20 }.prefix(20)
        let beginning = String(decoding: start, as: UTF8.self).lowercased()
        if ["<!doctype html", "<html", "<head"].contains(where: beginning.hasPrefix) {
            return FileFormat("a web page", "download the file itself, not the page about it")
        }
        if ["<?xml", "<svg"].contains(where: beginning.hasPrefix) {
            return FileFormat("a text in XML", nil)
        }
        // Printable ASCII, tabs and line ends.
        let isText = head.allSatisfy { (0x20..<0x7f).contains($0) || [9, 10, 13].contains($0) }
        return isText ? FileFormat("a text", nil) : nil
    }
}
