import Foundation
import Images
import Testing

/// A PNG file and its pixels, from a line that `Scripts/fixtures/make-png-format.py` wrote.
struct SampleFile: Decodable, CustomTestStringConvertible {
    let name: String
    let png: Data
    let columns: Int
    let rows: Int
    let pixels: Data

    var testDescription: String { name }
}

@Suite("The whole PNG format")
struct FormatTests {
    @Test("gives the original shades for every kind of file")
    func files() throws {
        let lines = try fixtureText("format.jsonl").split(separator: "\n")
        #expect(lines.count > 300)
        for line in lines {
            let file = try JSONDecoder().decode(SampleFile.self, from: Data(line.utf8))
            let picture = try Picture(png: Array(file.png), path: file.name)
            #expect((picture.rows, picture.columns) == (file.rows, file.columns), "\(file.name)")
            // Half a shade may be rounded either way.
            let largest = zip(picture.pixels, file.pixels).map { abs(Int($0) - Int($1)) }.max()
            #expect(largest ?? 0 <= 1, "\(file.name)")
        }
    }
}
