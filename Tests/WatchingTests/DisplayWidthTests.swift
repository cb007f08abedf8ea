import Bounds
import Glibc
import Testing
import Watching

/// The system's table of widths, indexed by `wchar_t`.
@_silgen_name("wcwidth") private func systemWidth(_ character: wchar_t) -> Int32

@Suite("The columns of a text")
struct DisplayWidthTests {
    @Test("are at least as many as in the system's table")
    func agreesWithSystem() throws {
        let locale = try #require(newlocale(1 << LC_CTYPE, "C.UTF-8", nil))
        let earlier = uselocale(locale)
        defer {
            uselocale(earlier)
            freelocale(locale)
        }
        for value in UInt32(0x20)...0x3FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "\(scalar)"
            // A character that must be escaped is never printed.
            guard plainText(text) == text else { continue }
            let width = Int(systemWidth(wchar_t(value)))
            #expect(displayWidth(text) >= width, "U+\(String(value, radix: 16))")
        }
    }

    @Test(
        "are summed over the parts of each character",
        arguments: [
            ("abc", 3), ("é", 1), ("e\u{301}", 1), ("語", 2), ("🇩🇪", 4), ("", 0), ("क्षि", 3),
        ])
    func widths(_ text: String, _ width: Int) {
        #expect(displayWidth(text) == width)
    }

    @Test("limit a truncated text")
    func cuts() {
        #expect(fitted("abcdef", 6) == "abcdef")
        #expect(fitted("abcdef", 5) == "abcd…")
        #expect(fitted("語語語", 4) == "語…")
        #expect(fitted("e\u{301}e\u{301}e\u{301}", 2) == "e\u{301}…")
        for width in 1..<20 {
            #expect(displayWidth(fitted("🇩🇪語a\u{301}क्षिabc", width)) <= width)
        }
    }
}
