/// The place of a process in a Slurm job, as the variables tell it that `srun` sets for each task of a step.
public struct SlurmTask: Equatable, Sendable {
    /// The job's number; of a heterogeneous job, that of its first group.
    public let job: Int
    /// The number of the step in its job.
    public let step: Int
    /// How many times the job was requeued and started again.
    public let restarts: Int
    /// The task's number in the step; task 0 is the coordinator.
    public let rank: Int
    /// How many tasks the step has.
    public let count: Int
    /// The node of task 0.
    public let coordinator: String
    /// The CPUs that the task may count as its own.
    public let cpus: Int

    /// Reads the variables of a task.
    ///
    /// - Throws: ``SlurmError`` if `srun` has not started this process.
    public init(_ environment: [String: String]) throws(SlurmError) {
        let variables = SlurmVariables(environment)
        // In a batch script the others are there too.
        step = try variables.number("SLURM_STEP_ID")
        job = try variables.number("SLURM_JOB_ID")
        rank = try variables.number("SLURM_PROCID")
        count = try variables.number("SLURM_NTASKS")
        restarts = try variables.numberIfSet("SLURM_RESTART_COUNT") ?? 0
        coordinator = try Self.firstNode(variables)
        cpus = try Self.cpus(variables)
    }

    /// The port of the coordinator, unless another is chosen: 20000 and the job's number modulo 10000.
    ///
    /// It is below those that Linux gives to outgoing connections.
    public var port: UInt16 { 20_000 + UInt16(job % 10_000) }

    /// The folder of the job's run, the same each time that the job starts.
    public var runFolder: String { "runs/slurm-\(job)" }

    /// The name of the file with the key, another each time that the job starts.
    public var keyName: String { "\(Self.keyPrefix)\(job)-\(step)-\(restarts)\(Self.keySuffix)" }

    /// Whether a file has the name of a job's key.
    public static func isKeyName(_ name: String) -> Bool {
        name.hasPrefix(keyPrefix) && name.hasSuffix(keySuffix)
    }

    private static let keyPrefix = "slurm-"
    private static let keySuffix = ".key"

    /// Slurm sorts the nodes of a step that spans several groups of a heterogeneous job, but numbers the tasks
    /// by group.
    private static func firstNode(_ variables: SlurmVariables) throws(SlurmError) -> String {
        let nodes = try variables.nodes("SLURM_STEP_NODELIST")
        var group = 0
        while let first = try variables.nodesIfSet("SLURM_JOB_NODELIST_HET_GROUP_\(group)")?[0] {
            if nodes.contains(first) { return first }
            group += 1
        }
        return nodes[0]
    }

    /// Without `--cpus-per-task`, and in heterogeneous jobs, it is a share of those on the node.
    private static func cpus(_ variables: SlurmVariables) throws(SlurmError) -> Int {
        if let cpus = try variables.numberIfSet("SLURM_CPUS_PER_TASK") { return max(1, cpus) }
        let tasks = try variables.text("SLURM_GTIDS").split(separator: ",").count
        return max(1, try variables.number("SLURM_CPUS_ON_NODE") / max(1, tasks))
    }
}

/// The variables that Slurm sets, read as what they stand for.
private struct SlurmVariables {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    func text(_ name: String) throws(SlurmError) -> String {
        guard let text = values[name] else { throw .missing(name) }
        return text
    }

    func number(_ name: String) throws(SlurmError) -> Int {
        let text = try text(name)
        guard let number = Int(text), number >= 0 else { throw .unreadable(name, text) }
        return number
    }

    func numberIfSet(_ name: String) throws(SlurmError) -> Int? {
        values[name] == nil ? nil : try number(name)
    }

    /// The names of a list, at least one.
    func nodes(_ name: String) throws(SlurmError) -> [String] {
        let text = try text(name)
        guard let nodes = SlurmNodes(text) else { throw .unreadable(name, text) }
        return nodes.names
    }

    func nodesIfSet(_ name: String) throws(SlurmError) -> [String]? {
        values[name] == nil ? nil : try nodes(name)
    }
}

/// Why a process cannot tell its place in a Slurm job.
public enum SlurmError: Error, Equatable, CustomStringConvertible {
    /// A variable is missing that `srun` sets.
    case missing(String)
    /// A variable has a value that Slurm does not write.
    case unreadable(String, String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let variable):
            "this is no task of a Slurm job, $\(variable) is missing: start it with srun, as "
                + "cluster/slurm/tern.sbatch does, or train without Slurm by tern train"
        case .unreadable(let variable, let value):
            "$\(variable) is '\(value)', which Slurm does not write: start this with srun"
        }
    }
}
