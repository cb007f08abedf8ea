import Foundation
import Images

/// The bytes of a fixture that `Scripts/fixtures/make-images.py` made.
func fixture(_ name: String) throws -> [UInt8] {
    let folder = URL(filePath: Bundle.module.bundlePath).appending(path: "Fixtures")
    return Array(try Data(contentsOf: folder.appending(path: "\(name).png")))
}

/// The picture in a fixture.
func picture(_ name: String) throws -> Picture {
    try Picture(png: fixture(name), path: "\(name).png")
}

/// A drawing's pixels: `#` is white, all else black.
func pixels(_ rows: String...) -> [UInt8] {
    rows.joined().map { $0 == "#" ? 255 : 0 }
}

/// The seven that most fixtures show.
let seven = pixels("     ", " ### ", "   # ", "  #  ", "  #  ", "     ")
