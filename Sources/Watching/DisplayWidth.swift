/// A text cut to a number of terminal columns.
package func fitted(_ text: String, _ width: Int) -> String {
    guard displayWidth(text) > width else { return text }
    var fitted = ""
    var used = 0
    for character in text {
        used += displayWidth("\(character)")
        guard used < width else { break }
        fitted.append(character)
    }
    return fitted + "…"
}

/// The number of terminal columns of a text.
///
/// It counts each Unicode scalar, as most terminals do, so characters of several scalars count
/// several times. The result is an upper bound on all terminals.
package func displayWidth(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
    guard scalar.value >= 0x300 else { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return isWide(scalar.value) ? 2 : 1
    }
}

/// Whether a character may take two columns: whole blocks of wide East Asian characters and
/// pictograms.
private func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115F, 0x231A...0x232A, 0x23E9...0x23F3, 0x25FD...0x2604, 0x2614...0x27BF,
        0x2B1B...0x2B55, 0x2E80...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE10...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
        0x1D300...0x1D37F, 0x1F000...0x1FAFF, 0x20000...0x3FFFD:
        true
    default: false
    }
}
