import Launching
import Testing

@Suite("A task of a Slurm job")
struct SlurmTaskTests {
    /// The variables that srun sets for the first of two tasks on each of two nodes.
    private static let variables = [
        "SLURM_JOB_ID": "123456", "SLURM_STEP_ID": "3", "SLURM_PROCID": "2", "SLURM_NTASKS": "4",
        "SLURM_STEP_NODELIST": "n[07-08]", "SLURM_GTIDS": "2,3", "SLURM_CPUS_ON_NODE": "8",
    ]

    private func task(_ changes: [String: String?]) throws -> SlurmTask {
        var variables = Self.variables
        for (name, value) in changes { variables[name] = value }
        return try SlurmTask(variables)
    }

    @Test("knows its job and step, and the coordinator's node and port")
    func place() throws {
        let task = try task([:])
        #expect((task.job, task.step, task.rank, task.count) == (123_456, 3, 2, 4))
        #expect(task.restarts == 0)
        #expect(task.coordinator == "n07")
        #expect(task.port == 23_456)
        #expect(task.runFolder == "runs/slurm-123456")
    }

    @Test("uses the CPUs that it was given, or an equal share of its node's")
    func cpus() throws {
        #expect(try task([:]).cpus == 4)
        #expect(try task(["SLURM_CPUS_PER_TASK": "3"]).cpus == 3)
        #expect(try task(["SLURM_CPUS_ON_NODE": "1"]).cpus == 1)
    }

    @Test("has a new key each time that its job or step starts")
    func key() throws {
        let names = try [
            task([:]), task(["SLURM_RESTART_COUNT": "1"]), task(["SLURM_STEP_ID": "4"]),
            task(["SLURM_JOB_ID": "7"]),
        ].map(\.keyName)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy(SlurmTask.isKeyName))
        #expect(!SlurmTask.isKeyName("slurm-7.out"))
    }

    @Test(
        "finds the coordinator's node although Slurm sorts the nodes of several groups",
        arguments: [
            // All groups, only the second, and one node of the first.
            ("n[1-3]", "n3"), ("n[1-2]", "n1"), ("n3", "n3"),
        ])
    func groups(nodes: String, first: String) throws {
        let task = try task([
            "SLURM_STEP_NODELIST": nodes, "SLURM_JOB_NODELIST_HET_GROUP_0": "n3",
            "SLURM_JOB_NODELIST_HET_GROUP_1": "n[1-2]",
        ])
        #expect(task.coordinator == first)
    }

    @Test("needs srun's variables, and names the first missing one")
    func missing() {
        #expect(throws: SlurmError.missing("SLURM_STEP_ID")) { try SlurmTask([:]) }
        for name in Self.variables.keys {
            #expect(throws: SlurmError.missing(name)) { try task([name: nil]) }
        }
    }

    @Test(
        "rejects values that Slurm does not write",
        arguments: [
            ("SLURM_PROCID", "-1"), ("SLURM_JOB_ID", "1_2"), ("SLURM_STEP_NODELIST", "n[1"),
            ("SLURM_CPUS_PER_TASK", "many"), ("SLURM_RESTART_COUNT", ""),
        ])
    func unreadable(name: String, value: String) {
        #expect(throws: SlurmError.unreadable(name, value)) { try task([name: value]) }
    }
}
