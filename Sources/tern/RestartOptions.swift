import ArgumentParser

/// The options to restart crashed processes of a run.
struct RestartOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many times, in all, to restart a coordinator or worker that crashed.",
            valueName: "times"))
    var restart = 0

    @Flag(
        help: ArgumentHelp(
            "End with the parent, and take restarts from what standard input holds.",
            visibility: .hidden))
    var supervised = false

    func validate() throws {
        if !(0...1000).contains(restart) {
            throw ValidationError("--restart must be from 0 to 1000, not \(restart)")
        }
    }

    /// Whether this process only supervises the run, and restarts its processes.
    var isSupervisor: Bool { restart > 0 && !supervised }

    /// The budget for restarts of workers.
    var budget: RestartBudget { supervised ? RestartBudget(.standardInput) : .none }
}
