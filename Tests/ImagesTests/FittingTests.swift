import Images
import Testing

@Suite("Fitting pictures to MNIST's form")
struct FittingTests {
    @Test("inverts dark ink, and notes that", arguments: ["inverted", "rgba", "grey-alpha"])
    func darkInk(name: String) throws {
        var picture = try picture(name)
        picture.brightenInk()
        #expect(picture.pixels == seven)
        #expect(picture.notes.last == "inverted")
    }

    @Test("leaves bright ink unchanged")
    func brightInk() throws {
        var picture = try picture("grey")
        picture.brightenInk()
        #expect(picture.pixels == seven && picture.notes == ["5x6"])
    }

    @Test("turns a blank picture black, and notes that")
    func blank() throws {
        var picture = try picture("blank")
        picture.brightenInk()
        #expect(picture.notes == ["5x6", "blank", "inverted"])
        picture.fit(rows: 28, columns: 28)
        #expect(picture.pixels == [UInt8](repeating: 0, count: 784))
    }

    @Test("leaves a picture of the right size unchanged")
    func rightSize() throws {
        var picture = try picture("grey")
        let before = picture
        picture.fit(rows: 6, columns: 5)
        #expect(picture == before)
    }

    @Test("scales ink to a centred box of 20 pixels, wherever it was")
    func corner() throws {
        var picture = try picture("corner")
        picture.fit(rows: 28, columns: 28)
        let expected = (0..<784).map { index -> UInt8 in
            (4..<24).contains(index / 28) && (4..<24).contains(index % 28) ? 255 : 0
        }
        #expect(picture.pixels == expected)
        #expect(picture.notes == ["40x40", "cropped to 10x10", "scaled to 28x28"])
    }

    @Test("inverts, stretches, crops, scales and centres a large scan")
    func scan() throws {
        var picture = try picture("seven")
        picture.brightenInk()
        picture.fit(rows: 28, columns: 28)
        #expect(
            picture.notes == [
                "200x180", "inverted", "cropped to 90x120", "scaled to 28x28",
                "contrast stretched",
            ])
        let (rows, columns) = extent(picture)
        #expect(rows.count == 20)
        #expect(columns.count == 15)
        let (down, right) = centreOfMass(picture)
        #expect((down - 14).magnitude <= 0.5 && (right - 14).magnitude <= 0.5)
        #expect(picture.pixels.max() == 255 && picture.pixels.min() == 0)
    }

    @Test("keeps strokes of one or two pixels as bright as thick ones", arguments: [1, 2, 20])
    func thinStrokes(width: Int) throws {
        var picture = try picture("stroke-\(width)")
        picture.brightenInk()
        picture.fit(rows: 28, columns: 28)
        // Every row of the box of 20 crosses the bar or the stem.
        let rows = extent(picture).rows
        #expect(rows.count == 20)
        for row in rows.dropFirst().dropLast() {
            let brightest = picture.pixels[row * 28..<(row + 1) * 28].max()
            #expect(brightest ?? 0 >= 160, "row \(row)")
        }
        #expect(picture.pixels.max() == 255)
    }

    @Test(
        "fills a frame of any size", arguments: [(1, 1), (2, 40), (40, 2), (7, 9), (100, 50)])
    func frames(rows: Int, columns: Int) throws {
        var picture = try picture("seven")
        picture.brightenInk()
        picture.fit(rows: rows, columns: columns)
        #expect(picture.rows == rows && picture.columns == columns)
        #expect(picture.pixels.count == rows * columns && picture.pixels.contains { $0 > 0 })
    }

    @Test("accepts a single pixel", arguments: [UInt8(0), 100, 255])
    func onePixel(shade: UInt8) {
        var picture = Picture(rows: 1, columns: 1, pixels: [shade])
        picture.brightenInk()
        picture.fit(rows: 28, columns: 28)
        #expect(picture.pixels.count == 784)
    }

    /// The rows and columns that hold any ink.
    private func extent(_ picture: Picture) -> (rows: [Int], columns: [Int]) {
        let inked = picture.pixels.indices.filter { picture.pixels[$0] > 0 }
        return (
            Set(inked.map { $0 / picture.columns }).sorted(),
            Set(inked.map { $0 % picture.columns }).sorted()
        )
    }

    private func centreOfMass(_ picture: Picture) -> (down: Double, right: Double) {
        var (mass, down, right) = (0.0, 0.0, 0.0)
        for (index, pixel) in picture.pixels.enumerated() {
            mass += Double(pixel)
            down += Double(pixel) * (Double(index / picture.columns) + 0.5)
            right += Double(pixel) * (Double(index % picture.columns) + 0.5)
        }
        return (down / mass, right / mass)
    }
}
