import Files
import ModelFiles
import Testing

@Suite("A malformed safetensors file")
struct MalformedSafetensorsTests {
    @Test(
        "is rejected if its header claims more bytes than the file has",
        arguments: [UInt64(9), 1 << 20, 1 << 60, 1 << 63, .max])
    func hugeHeader(length: UInt64) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        refuse(bytes + Array("{}      ".utf8), because: "its header claims more bytes")
    }

    @Test("is rejected if it is too short for the header's length")
    func tooShort() {
        refuse([], because: "it has 0 bytes")
        refuse([1, 2, 3], because: "it has 3 bytes")
    }

    @Test(
        "is rejected if its header is invalid",
        arguments: [
            "", " ", "{", "[]", "null", "\"a\"", "{\"a\":1}", "{\"a\":{}}", "{\"a\":null}",
            "{\"__metadata__\":{\"n\":1}}", "{\"__metadata__\":[]}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1e40]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}",
            "{\"a\":{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}}",
            "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}",
        ])
    func badHeader(header: String) {
        refuse(fileBytes(header, data: [0]), because: "its header is not a safetensors header")
    }

    @Test("is rejected if its header is nested too deeply")
    func deepHeader() {
        let nested = String(repeating: "[", count: 200_000)
        refuse(fileBytes(nested), because: "its header is not a safetensors header")
    }

    @Test("is rejected if its header is not UTF-8")
    func notUTF8() {
        let bytes = fileBytes("{\"a\":1}").map { $0 == UInt8(ascii: "a") ? 0xC0 : $0 }
        refuse(bytes, because: "its header is not a safetensors header")
    }

    @Test(
        "is rejected if a tensor's data lies outside the file or overlaps another",
        arguments: [
            [tensor("a", 0, 9)], [tensor("a", 0, 4), tensor("b", 4, 9)],
            [tensor("a", 0, 4), tensor("b", 3, 7)], [tensor("a", 0, 8), tensor("b", 0, 8)],
            [tensor("a", 0, 2), tensor("b", 4, 8)], [tensor("a", 1, 8)],
            [tensor("a", 1 << 60, 1 << 60 + 8)], [tensor("a", 0, .max)],
            [tensor("a", 0, 8), tensor("b", 4, 4)],
        ])
    func badOffsets(tensors: [String]) {
        let bytes = fileBytes("{\(tensors.joined(separator: ","))}", data: .init(1...8))
        refuse(bytes, because: "lies outside the file or overlaps another tensor")
    }

    @Test("is rejected if some data belongs to no tensor")
    func dataLeftOver() {
        refuse(fileBytes("{}", data: [1]), because: "1 bytes of its data belong to no tensor")
        let bytes = fileBytes("{\(Self.tensor("a", 0, 4))}", data: .init(1...8))
        refuse(bytes, because: "4 bytes of its data belong to no tensor")
    }

    @Test(
        "is rejected if a tensor's size does not match its type and shape",
        arguments: [
            ("F32", "[3]"), ("F64", "[2]"), ("U8", "[7]"), ("F32", "[0]"), ("F4", "[15]"),
            ("F6_E2M3", "[1]"), ("U8", "[4611686018427387904,4]"),
            ("F64", "[2305843009213693953]"), ("F32", "[]"),
        ])
    func badShape(type: String, shape: String) {
        let header = """
            {"a":{"dtype":"\(type)","shape":\(shape),"data_offsets":[0,8]}}
            """
        refuse(
            fileBytes(header, data: .init(1...8)),
            because: "the data of a does not have the size of its shape")
    }

    @Test(
        "is rejected if its digest is malformed or wrong",
        arguments: ["", "00", String(repeating: "0", count: 64), String(repeating: "x", count: 80)])
    func badDigest(digest: String) {
        refuse(fileBytes("{\"__metadata__\":{\"sha256\":\"\(digest)\"}}"), because: "digest")
        // JSON treats an escaped key as the same key, but the search for the digest does not.
        refuse(fileBytes("{\"__metadata__\":{\"sha25\\u0036\":\"\(digest)\"}}"), because: "digest")
    }

    @Test(
        "is named by its actual format",
        arguments: [
            ("a text", Array("Epoch [1/10], Step [100/469], Loss: 0.4321\n".utf8)),
            ("a web page", Array("<!doctype html><html>".utf8)),
            ("a Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
            ("a ZIP archive", [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("a pickle of torch.save", [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 6, 0, 0, 0, 0x77]),
            ("a PNG file", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D]),
            ("a gzip file", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
        ] as [(String, [UInt8])])
    func otherFormats(format: String, bytes: [UInt8]) {
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: bytes, path: "some/file")
        }
        #expect(
            error?.description.hasPrefix("some/file is \(format), not a safetensors file; ") == true
        )
    }

    private static func tensor(_ name: String, _ start: Int, _ end: Int) -> String {
        """
        "\(name)":{"dtype":"U8","shape":[\(end - start)],"data_offsets":[\(start),\(end)]}
        """
    }

    private func refuse(_ bytes: [UInt8], because reason: String) {
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: bytes, path: "some/file")
        }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("some/file is damaged") && !line.contains("\n"), "\(line)")
        #expect(line.contains(reason), "\(line)")
    }
}
