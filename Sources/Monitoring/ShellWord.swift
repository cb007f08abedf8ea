/// A word quoted for a shell if it contains special characters.
package func shellWord(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: "/._-+:=,@%".utf8.contains(byte)
        }
    }
    if isPlain && !word.isEmpty { return word }
    // Iterates over scalars: a quote with a combining mark is another character, but still ends the
    // word.
    let quoted = word.unicodeScalars.reduce(into: "") { quoted, scalar in
        if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return "'\(quoted)'"
}
