/// The words of a command line for another process.
struct CommandWords {
    /// The words, without the program.
    var words: [String]

    /// Makes a command line without the program.
    init(_ words: [String]) { self.words = words }

    /// This process's own arguments.
    static var own: CommandWords { CommandWords(Array(CommandLine.arguments.dropFirst())) }

    /// Removes an option and its value.
    mutating func remove(option: String) {
        var kept: [String] = []
        var isValue = false
        for word in words {
            if !isValue, word != option, !word.hasPrefix("\(option)=") { kept.append(word) }
            isValue = word == option
        }
        words = kept
    }
}
