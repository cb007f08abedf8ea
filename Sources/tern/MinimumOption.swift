import ArgumentParser

/// How many workers training needs.
struct MinimumOption: ParsableArguments {
    @Option(help: "Workers that training needs; with fewer it waits or pauses.")
    var minWorkers = 1

    func validate() throws {
        if minWorkers < 1 { throw ValidationError("--min-workers must be at least 1") }
    }
}
