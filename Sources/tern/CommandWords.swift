/// Words of a command line, for another process.
struct CommandWords {
    /// The words, without the program.
    var words: [String]

    /// Words without the program.
    init(_ words: [String]) { self.words = words }

    /// Those that this process was started with.
    static var own: CommandWords { CommandWords(Array(CommandLine.arguments.dropFirst())) }

    /// Takes an option and its value away.
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
