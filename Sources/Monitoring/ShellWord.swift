/// A word as a shell wants it: in quotes where it holds what a shell would not take as it is.
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
    // By scalars: with a combining mark behind it a quote is another character, and yet ends the word.
    let quoted = word.unicodeScalars.reduce(into: "") { quoted, scalar in
        if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return "'\(quoted)'"
}
