import Keys
import Testing

@Suite("The name of a credential") struct KeyNameTests {
    @Test("consists of letters, digits, dots, underscores and hyphens")
    func names() {
        for name in ["a", "7", "gpu-1.rack_2", String(repeating: "x", count: 64)] {
            #expect(KeyName(name)?.description == name)
        }
    }

    @Test(
        "is rejected if it has another form",
        arguments: [
            "", ".", "-x", "_x", "a b", "a/b", "a:b", "a#b", "a\n", "a\u{0}", "\u{202E}a", "é", "а",
            String(repeating: "x", count: 65),
        ])
    func others(text: String) {
        #expect(KeyName(text) == nil)
    }

    @Test("allows exactly the documented bytes")
    func bytes() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)
        for byte in UInt8.min...UInt8.max {
            let text = "a" + String(Character(Unicode.Scalar(byte)))
            #expect((KeyName(text) != nil) == allowed.contains(byte), "\(byte)")
        }
    }
}
