import Files
import ModelFiles
import RunFolder
import ZeroMQ

/// Writes checkpoints on a thread of its own, since a disk may take its time to sync.
actor CheckpointWriter {
    nonisolated let thread = EventLoop(name: "tern-files")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let store: CheckpointStore

    init(_ store: CheckpointStore) { self.store = store }

    /// Writes a checkpoint; gives back its path, or what went wrong.
    func save(_ checkpoint: Checkpoint) -> Result<String, FileError> {
        do throws(FileError) {
            return .success(try store.save(checkpoint.encoded(), step: checkpoint.step))
        } catch {
            return .failure(error)
        }
    }

    /// Removes the checkpoints of later steps than `limit`; gives back the newest that is left, if any.
    func rewind(noLaterThan limit: Int) -> Result<Checkpoint?, FileError> {
        do {
            try store.removeCheckpoints(after: limit)
            return .success(try store.newest()?.checkpoint)
        } catch let error as FileError {
            return .failure(error)
        } catch CheckpointError.file(let error) {
            return .failure(error)
        } catch {
            // Damaged ones are as good as none: earlier steps are made again.
            return .success(nil)
        }
    }
}
