/// A grey picture, and the steps that led to it.
public struct Picture: Sendable, Equatable {
    /// Pixel rows.
    public private(set) var rows: Int
    /// Pixel columns.
    public private(set) var columns: Int
    /// The pixels [rows, columns], row-major, 0 black to 255 white.
    public private(set) var pixels: [UInt8]
    /// The steps that led to these pixels, in a few words each; the original size comes first.
    public private(set) var notes: [String]

    /// A picture of these pixels [rows, columns]; other sizes are a programmer's error.
    public init(rows: Int, columns: Int, pixels: [UInt8], notes: [String] = []) {
        precondition(rows > 0 && columns > 0, "a picture has at least one pixel")
        precondition(pixels.count == rows * columns, "pixels and size differ")
        self.rows = rows
        self.columns = columns
        self.pixels = pixels
        self.notes = notes
    }

    /// Turns dark ink on a bright ground into MNIST's bright ink on black.
    ///
    /// The ground is the border's shade; the ink is dark if it makes the average darker than the
    /// ground.
    public mutating func brightenInk() {
        let ground = Int(self.ground)
        let sum = pixels.reduce(0) { $0 + Int($1) }
        let isBlank = pixels.allSatisfy { $0 == pixels[0] }
        if isBlank { notes.append("blank") }
        guard sum < ground * pixels.count || (isBlank && ground >= 128) else { return }
        pixels = pixels.map { 255 - $0 }
        notes.append("inverted")
    }

    /// Scales a picture of bright ink to a network's input size, the way MNIST was made.
    ///
    /// The ink is scaled, keeping its proportions, into a box of 20/28 of the frame, and its centre of
    /// mass goes to the frame's centre. A picture that already has the size stays as it is.
    ///
    /// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998).
    public mutating func fit(rows: Int, columns: Int) {
        guard rows != self.rows || columns != self.columns else { return }
        let ground = self.ground
        cropToInk(on: ground)
        let scale = min(
            Double(20 * rows) / Double(28 * self.rows),
            Double(20 * columns) / Double(28 * self.columns))
        let size = (
            rows: max(1, Int((Double(self.rows) * scale).rounded())),
            columns: max(1, Int((Double(self.columns) * scale).rounded()))
        )
        let shades = resampled(pixels, columns: self.columns, to: size)
        notes.append("scaled to \(columns)x\(rows)")
        (self.rows, self.columns) = size
        stretchContrast(of: shades, on: ground)
        centre(rows: rows, columns: columns)
    }

    /// The shade of the border: its median.
    private var ground: UInt8 {
        let sides = (0..<rows).flatMap { [$0 * columns, ($0 + 1) * columns - 1] }
        let border = Array(0..<columns) + Array(pixels.count - columns..<pixels.count) + sides
        return border.map { pixels[$0] }.sorted()[border.count / 2]
    }

    /// Sets the pixels from shades: the ground becomes 0 and the ink's brightest parts 255.
    ///
    /// This comes after the scaling, because a thin stroke fades when it shrinks. It fades less where
    /// two strokes meet, so the measure is the median of the ink, not its brightest value.
    private mutating func stretchContrast(of shades: [Double], on ground: UInt8) {
        let ground = Double(ground)
        let brightest = shades.max() ?? ground
        guard brightest > ground else {
            pixels = [UInt8](repeating: 0, count: shades.count)
            return
        }
        let ink = shades.filter { $0 - ground >= (brightest - ground) / 4 }.sorted()
        let peak = ink[ink.count / 2]
        pixels = shades.map { shade in
            UInt8(max(0, min(255, (255 * (shade - ground) / (peak - ground)).rounded())))
        }
        if ground > 0 || peak < 254.5 { notes.append("contrast stretched") }
    }

    /// Cuts off the rows and columns outside the ink; without any ink, cuts nothing.
    private mutating func cropToInk(on ground: UInt8) {
        guard let peak = pixels.max(), peak > ground else { return }
        // A quarter of full brightness, so that neither the paper's grain nor soft edges count.
        let faintest = Int(ground) + max(1, Int(peak - ground) / 4)
        let isInk = { (pixel: UInt8) in Int(pixel) >= faintest }
        let inkRows = (0..<rows).filter { row in
            pixels[row * columns..<(row + 1) * columns].contains(where: isInk)
        }
        guard let top = inkRows.first, let bottom = inkRows.last else { return }
        let inkColumns = (0..<columns).filter { column in
            (top...bottom).contains { isInk(pixels[$0 * columns + column]) }
        }
        guard let left = inkColumns.first, let right = inkColumns.last else { return }
        pixels = (top...bottom).flatMap { pixels[$0 * columns + left...$0 * columns + right] }
        let before = (rows, columns)
        (rows, columns) = (bottom - top + 1, right - left + 1)
        if before != (rows, columns) { notes.append("cropped to \(columns)x\(rows)") }
    }

    /// Puts the picture into a larger black frame, with its centre of mass as near the middle as fits.
    private mutating func centre(rows: Int, columns: Int) {
        var (mass, down, right) = (0.0, 0.0, 0.0)
        for (index, pixel) in pixels.enumerated() {
            mass += Double(pixel)
            down += Double(pixel) * (Double(index / self.columns) + 0.5)
            right += Double(pixel) * (Double(index % self.columns) + 0.5)
        }
        func margin(_ size: Int, _ frame: Int, _ moment: Double) -> Int {
            let centre = mass > 0 ? moment / mass : Double(size) / 2
            return max(0, min(frame - size, Int((Double(frame) / 2 - centre).rounded())))
        }
        let top = margin(self.rows, rows, down)
        let left = margin(self.columns, columns, right)
        var framed = [UInt8](repeating: 0, count: rows * columns)
        for (index, pixel) in pixels.enumerated() {
            framed[(top + index / self.columns) * columns + left + index % self.columns] = pixel
        }
        pixels = framed
        (self.rows, self.columns) = (rows, columns)
    }
}
