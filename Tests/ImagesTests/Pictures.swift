import Foundation
import Images

/// The bytes of a fixture from `Scripts/fixtures/make-images.py`.
func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: fixtures.appending(path: "\(name).png")))
}

/// The text of a fixture.
func fixtureText(_ name: String) throws -> String {
    try String(contentsOf: fixtures.appending(path: name), encoding: .utf8)
}

private let fixtures = URL(filePath: Bundle.module.bundlePath).appending(path: "Fixtures")

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
