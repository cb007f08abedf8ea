import Files
import ModelFiles
import RunFolder
import ZeroMQ

/// Writes checkpoints on its own thread, because syncing a disk may take long.
actor CheckpointWriter {
    nonisolated let thread = EventLoop(name: "tern-files")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let store: CheckpointStore

    init(_ store: CheckpointStore) { self.store = store }

    /// Writes a checkpoint; returns its path or the error.
    func save(_ checkpoint: Checkpoint) -> Result<String, FileError> {
        do throws(FileError) {
            return .success(try store.save(checkpoint))
        } catch {
            return .failure(error)
        }
    }

    /// Removes the checkpoints of steps after `limit`; returns the newest remaining one, if any.
    func rewind(noLaterThan limit: Int) -> Result<Checkpoint?, FileError> {
        do {
            try store.removeCheckpoints(after: limit)
            return .success(try store.newest()?.checkpoint)
        } catch let error as FileError {
            return .failure(error)
        } catch CheckpointError.file(let error) {
            return .failure(error)
        } catch {
            // A damaged checkpoint counts as none: the run repeats earlier steps.
            return .success(nil)
        }
    }
}
