import FileFormats

/// Why a picture cannot be used; every description is one line with the remedy.
public enum ImageError: Error, Equatable {
    /// The file does not begin like a PNG file; `found` is its format, if that is known.
    case notPNG(file: String, found: FileFormat?)
    /// The file begins like a PNG file but cannot be decoded, for libpng's reason.
    case damaged(file: String, reason: String)
    /// The header announces more pixels than ``Picture/mostPixels``.
    case tooLarge(file: String, width: Int, height: Int)
}

extension ImageError: CustomStringConvertible {
    /// One line: the file, what is wrong with it, and the remedy.
    public var description: String {
        // A path may hold a line break, but the description must be one line.
        String(message.map { $0.isNewline ? "?" : $0 })
    }

    private var message: String {
        switch self {
        case .notPNG(let file, let found?):
            "\(file) is \(found.name), not a PNG file: \(found.remedy ?? "convert it to PNG")"
        case .notPNG(let file, nil):
            "\(file) is not a PNG file: convert it to PNG"
        case .damaged(let file, let reason):
            "\(file) is damaged (\(reason)): get or save this file again"
        case .tooLarge(let file, let width, let height):
            "\(file) has \(width)x\(height) pixels, more than "
                + "\(Picture.mostPixels / 1_000_000) million: make it smaller"
        }
    }
}
