import Glibc

extension PNGSamples {
    /// The picture in grey, 0 black to 255 white, and the conversions made, in a few words each.
    ///
    /// Colours are weighted, and transparent parts mixed with the ground, in proportion to the light.
    /// 16 bits are rounded to 8. A file with a gamma is converted to a display's, 2.2.
    func grey() -> (pixels: [UInt8], conversions: [String]) {
        var conversions: [String] = []
        if isAnimated { conversions.append("first image of an animation") }
        let isColour = channels > 2
        if isColour { conversions.append("colour made grey") }
        let light = LightTable(largest: largest, gamma: gamma, samples: bytes.count)
        let hasAlpha = channels % 2 == 0
        guard hasAlpha, let ground = ground(light) else {
            return (map { light.shade($0) }, conversions)
        }
        conversions.append(ground == 0 ? "laid on black" : "laid on white")
        let pixels = map { pixel -> UInt8 in
            if pixel.alpha == largest { return light.shade(pixel) }
            let share = Double(pixel.alpha) / Double(largest)
            return light.shade(of: share * light.luminance(pixel) + (1 - share) * ground)
        }
        return (pixels, conversions)
    }

    /// The light of the ground that differs more from the ink, 0 or 1; nil if nothing shows the ground.
    private func ground(_ light: LightTable) -> Double? {
        var (onBlack, onWhite, isOpaque) = (0.0, 0.0, true)
        for index in 0..<rows * columns {
            let pixel = self[index]
            isOpaque = isOpaque && pixel.alpha == largest
            // The square root approximates how bright a light seems.
            let shade = light.luminance(pixel).squareRoot()
            onBlack += Double(pixel.alpha) * shade
            onWhite += Double(pixel.alpha) * (1 - shade)
        }
        if isOpaque { return nil }
        return onBlack > onWhite ? 0 : 1
    }

    private func map(_ shade: (Pixel) -> UInt8) -> [UInt8] {
        (0..<rows * columns).map { shade(self[$0]) }
    }

    private subscript(index: Int) -> Pixel {
        let first = index * channels
        let alpha = channels % 2 == 0 ? sample(first + channels - 1) : largest
        guard channels > 2 else {
            let grey = sample(first)
            return Pixel(red: grey, green: grey, blue: grey, alpha: alpha)
        }
        return Pixel(
            red: sample(first), green: sample(first + 1), blue: sample(first + 2), alpha: alpha)
    }

    private func sample(_ index: Int) -> Int {
        largest == 255
            ? Int(bytes[index]) : Int(bytes[2 * index]) << 8 | Int(bytes[2 * index + 1])
    }
}

/// The samples of one pixel.
private struct Pixel {
    let red: Int
    let green: Int
    let blue: Int
    let alpha: Int
}

/// The light, 0 to 1, and the shade of grey for each value of a sample.
private struct LightTable {
    private static let displayGamma = 2.2
    private let largest: Double
    private let exponent: Double
    // [largest + 1] each, or empty if there are fewer samples.
    private var lights: [Double] = []
    private var shades: [UInt8] = []

    init(largest: Int, gamma: Double?, samples: Int) {
        self.largest = Double(largest)
        exponent = 1 / (gamma ?? 1 / Self.displayGamma)
        guard samples > largest else { return }
        lights = (0...largest).map(light)
        shades = lights.map(shade(of:))
    }

    /// The shade of an opaque pixel.
    func shade(_ pixel: Pixel) -> UInt8 {
        let isGrey = pixel.red == pixel.green && pixel.green == pixel.blue
        return isGrey && !shades.isEmpty ? shades[pixel.red] : shade(of: luminance(pixel))
    }

    /// The shade that makes a display show this light.
    func shade(of light: Double) -> UInt8 {
        UInt8((255 * pow(min(light, 1), 1 / Self.displayGamma)).rounded())
    }

    /// The light of a pixel, from sRGB's primary colours (ITU-R BT.709).
    func luminance(_ pixel: Pixel) -> Double {
        0.2126 * light(pixel.red) + 0.7152 * light(pixel.green) + 0.0722 * light(pixel.blue)
    }

    private func light(_ sample: Int) -> Double {
        lights.isEmpty ? pow(Double(sample) / largest, exponent) : lights[sample]
    }
}
