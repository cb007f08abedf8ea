/// A process's place in a Slurm job, from the variables that `srun` sets for each task of a step.
public struct SlurmTask: Equatable, Sendable {
    /// The job's ID; in a heterogeneous job, that of its first group.
    public let job: Int
    /// The step's number in the job.
    public let step: Int
    /// How often the job was requeued and restarted.
    public let restarts: Int
    /// The task's number in the step; task 0 is the coordinator.
    public let rank: Int
    /// How many tasks the step has.
    public let count: Int
    /// The node of task 0.
    public let coordinator: String
    /// The CPUs available to the task.
    public let cpus: Int

    /// Reads a task's variables.
    ///
    /// - Throws: ``SlurmError`` if `srun` did not start this process.
    public init(_ environment: [String: String]) throws(SlurmError) {
        let variables = SlurmVariables(environment)
        // A batch script has the other variables, but not this one.
        step = try variables.number("SLURM_STEP_ID")
        job = try variables.number("SLURM_JOB_ID")
        rank = try variables.number("SLURM_PROCID")
        count = try variables.number("SLURM_NTASKS")
        restarts = try variables.numberIfSet("SLURM_RESTART_COUNT") ?? 0
        coordinator = try Self.firstNode(variables)
        cpus = try Self.cpus(variables)
    }

    /// The coordinator's default port: 20000 plus the job's ID modulo 10000.
    ///
    /// It is below Linux's range for outgoing connections.
    public var port: UInt16 { 20_000 + UInt16(job % 10_000) }

    /// The folder of the job's run, the same after each restart.
    public var runFolder: String { "runs/slurm-\(job)" }

    /// The name of the key file, a new one after each restart.
    public var keyName: String { "\(Self.keyPrefix)\(job)-\(step)-\(restarts)\(Self.keySuffix)" }

    /// Whether a file name is that of a job's key.
    public static func isKeyName(_ name: String) -> Bool {
        name.hasPrefix(keyPrefix) && name.hasSuffix(keySuffix)
    }

    private static let keyPrefix = "slurm-"
    private static let keySuffix = ".key"

    /// Slurm sorts the nodes of a step across groups of a heterogeneous job, but numbers tasks by
    /// group.
    private static func firstNode(_ variables: SlurmVariables) throws(SlurmError) -> String {
        let nodes = try variables.nodes("SLURM_STEP_NODELIST")
        var group = 0
        while let first = try variables.nodesIfSet("SLURM_JOB_NODELIST_HET_GROUP_\(group)")?[0] {
            if nodes.contains(first) { return first }
            group += 1
        }
        return nodes[0]
    }

    /// Without `--cpus-per-task`, and in heterogeneous jobs, each task gets an equal part of the
    /// node's CPUs.
    private static func cpus(_ variables: SlurmVariables) throws(SlurmError) -> Int {
        if let cpus = try variables.numberIfSet("SLURM_CPUS_PER_TASK") { return max(1, cpus) }
        let tasks = try variables.text("SLURM_GTIDS").split(separator: ",").count
        return max(1, try variables.number("SLURM_CPUS_ON_NODE") / max(1, tasks))
    }
}

/// Slurm's variables, parsed.
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

    /// The names of a node list, at least one.
    func nodes(_ name: String) throws(SlurmError) -> [String] {
        let text = try text(name)
        guard let nodes = SlurmNodes(text) else { throw .unreadable(name, text) }
        return nodes.names
    }

    func nodesIfSet(_ name: String) throws(SlurmError) -> [String]? {
        values[name] == nil ? nil : try nodes(name)
    }
}

/// Why a process cannot find its place in a Slurm job.
public enum SlurmError: Error, Equatable, CustomStringConvertible {
    /// A variable that `srun` sets is missing.
    case missing(String)
    /// A variable has a value that Slurm never writes.
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
