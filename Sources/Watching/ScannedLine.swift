/// A line that is read member by member.
protocol ScannedLine {
    /// Reads the value of a member, or skips it.
    mutating func read(
        _ key: String, from scanner: inout LineScanner
    ) throws(LineScanner.Fault)
}

extension ScannedLine {
    /// Reads all members of a line; whether it is an object with valid numbers.
    mutating func scan(_ line: ArraySlice<UInt8>) -> Bool {
        var scanner = LineScanner(line)
        do throws(LineScanner.Fault) {
            try scanner.object { scanner, key throws(LineScanner.Fault) in
                try read(key, from: &scanner)
            }
            return scanner.isAtEnd
        } catch {
            return false
        }
    }
}
