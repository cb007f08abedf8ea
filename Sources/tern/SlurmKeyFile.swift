import Files
import FoundationEssentials
import Glibc
import Keys
import Launching
import Monitoring

/// The key of a job in the run's folder, where tasks on other nodes find it.
struct SlurmKeyFile {
    /// The file's path.
    let path: String
    private let folder: Folder

    /// Writes the key, and removes keys of the job's earlier starts.
    init(_ key: JobKey, of task: SlurmTask, in folder: Folder) throws {
        for name in try folder.names() where SlurmTask.isKeyName(name) { folder.remove(name) }
        self.folder = folder
        path = folder.path(of: task.keyName)
        try key.save(to: path)
    }

    /// Removes the file.
    func remove() { folder.remove(Files.name(of: path)) }

    /// Waits until task 0 has written the key, and returns its path.
    ///
    /// Returns nil if the run completes without this task.
    static func wait(
        for task: SlurmTask, in folder: String, timeout: Int
    ) async throws -> String? {
        let path = "\(folder)/\(task.keyName)"
        let start = ContinuousClock.now
        var hasTold = false
        // On a network file system a new file may appear in the folder's list long before a lookup
        // finds it.
        while (try? Files.names(in: folder))?.contains(task.keyName) != true {
            let waited = ContinuousClock.now - start
            guard waited < .seconds(timeout) else {
                throw Failure(
                    status: ExitStatus.noAnswer,
                    message:
                        "there is no key \(path) after \(timeout) s: check that task 0 runs and that "
                        + "all nodes share this folder, or use --key-from-env")
            }
            // A run that gets more epochs stops being complete sooner than this.
            if waited > .seconds(10), isComplete(folder) { return nil }
            if waited > .seconds(10), !hasTold {
                printWarning("task \(task.rank) waits for task 0 to write the key \(path)")
                hasTold = true
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        return path
    }

    /// Ends this process if the key stays missing: task 0 has ended without reaching this worker.
    ///
    /// A worker that task 0 reached was dismissed long before.
    static func endWorkerWithout(_ path: String) {
        Task.detached {
            var looks = 0
            while looks < 5 {
                try await Task.sleep(for: .seconds(2))
                let names = try? Files.names(in: Files.folder(of: path))
                looks = names?.contains(Files.name(of: path)) == false ? looks + 1 : 0
            }
            printWarning("task 0 has ended, and this worker with it")
            _exit(0)
        }
    }

    private static func isComplete(_ run: String) -> Bool {
        guard let bytes = try? RunDirectory.read(RunDirectory.summary(in: run)) else {
            return false
        }
        let summary = try? JSONDecoder().decode(RunSummary.self, from: Data(bytes))
        return summary?.status == "completed"
    }
}
