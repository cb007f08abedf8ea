import FileFormats
import Images
import Randomness
import Testing

@Suite("Decoding PNG files")
struct DecodingTests {
    @Test(
        "gives the same pixels for every kind of PNG",
        arguments: [
            ("grey", []), ("grey1", []), ("grey16", []), ("interlaced", []),
            ("rgb", ["colour made grey"]), ("rgb16", ["colour made grey"]),
            ("palette", ["colour made grey"]),
        ])
    func kinds(name: String, conversions: [String]) throws {
        let expected = Picture(rows: 6, columns: 5, pixels: seven, notes: ["5x6"] + conversions)
        #expect(try picture(name) == expected)
    }

    @Test(
        "shows transparent pixels as white",
        arguments: [
            ("grey-alpha", ["laid on white"]), ("rgba", ["colour made grey", "laid on white"]),
            ("palette-alpha", ["colour made grey", "laid on white"]),
        ])
    func transparency(name: String, conversions: [String]) throws {
        let expected = Picture(
            rows: 6, columns: 5, pixels: seven.map { 255 - $0 }, notes: ["5x6"] + conversions)
        #expect(try picture(name) == expected)
    }

    @Test(
        "lays white ink on black if the background is transparent",
        arguments: ["white-rgba", "white-grey-alpha"])
    func whiteInk(name: String) throws {
        let found = try picture(name)
        #expect(found.pixels == seven && found.notes.last == "laid on black")
    }

    @Test("adds no background to an opaque picture")
    func opaque() throws {
        #expect(try picture("opaque-rgba").notes == ["5x6", "colour made grey"])
    }

    @Test("takes the first image of an animation, and notes that")
    func animation() throws {
        let found = try picture("animated")
        #expect(found.pixels == seven && found.notes == ["5x6", "first image of an animation"])
    }

    @Test("preserves every shade of grey")
    func shades() throws {
        #expect(try picture("shades").pixels == Array(0...255))
    }

    @Test(
        "reports a file that is not a PNG, and what it is",
        arguments: [("text", "a text"), ("empty", "an empty file"), ("jpeg", "a JPEG file")])
    func notPNG(name: String, format: String) {
        let error = #expect(throws: ImageError.self) { try picture(name) }
        #expect(error?.description.hasPrefix("\(name).png is \(format), not a PNG file: ") == true)
        #expect(throws: ImageError.notPNG(file: "x", found: nil)) {
            try Picture(png: [7, 200, 3], path: "x")
        }
    }

    @Test(
        "reports damaged files",
        arguments: [
            "truncated", "checksum", "huge", "checksum-gamma", "no-width", "no-height", "no-end",
            "no-pixels", "depth-3", "type-1", "beyond-palette", "short", "critical",
        ])
    func damaged(name: String) {
        let error = #expect(throws: ImageError.self) { try picture(name) }
        guard case .damaged("\(name).png", let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("rejects a header that announces too many pixels")
    func tooLarge() {
        let error = ImageError.tooLarge(file: "large.png", width: 100_000, height: 1_000)
        #expect(throws: error) { try picture("large") }
    }

    @Test(
        "fails for a file truncated at any length",
        arguments: ["grey", "interlaced", "palette-alpha", "rgb16"])
    func truncation(name: String) throws {
        let whole = try fixture(name)
        for length in 0..<whole.count {
            #expect(throws: ImageError.self, "cut at \(length)") {
                try Picture(png: Array(whole.prefix(length)), path: "cut.png")
            }
        }
    }

    @Test(
        "gives a valid picture or a one-line error after random damage",
        arguments: ["grey16", "interlaced", "palette-alpha", "rgba", "shades", "seven"])
    func damage(name: String) throws {
        let whole = try fixture(name)
        var random = Philox(seed: 1, for: "damaged pictures")
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            }
            do throws(ImageError) {
                var picture = try Picture(png: bytes, path: "two\nlines.png")
                picture.brightenInk()
                picture.fit(rows: 28, columns: 28)
                #expect(picture.pixels.count == 28 * 28)
            } catch {
                #expect(!error.description.contains { $0.isNewline })
            }
        }
    }
}
