import ArgumentParser
import Benchmarks
import Bounds
import DataParallel
import Datasets
import Files
import Glibc
import Images
import Kernels
import Keys
import Launching
import ModelFiles
import Monitoring
import RunFolder
import Settings
import Verification
import ZeroMQ

/// The exit statuses; numbers from 64 on are those of `sysexits.h`.
enum ExitStatus {
    static let diverged: Int32 = 1
    static let differs: Int32 = 2
    static let usage: Int32 = 64
    static let badData: Int32 = 65
    static let noInput: Int32 = 66
    static let tooFewWorkers: Int32 = 68
    static let unavailable: Int32 = 69
    static let workersEnded: Int32 = 70
    static let cannotCreate: Int32 = 73
    static let fileTrouble: Int32 = 74
    static let noAnswer: Int32 = 75
    static let refused: Int32 = 76
    static let configuration: Int32 = 78

    /// The status of a process ended by a signal.
    static func signal(_ number: Int32) -> Int32 { 128 + number }

    /// All exit statuses of Tern and their meanings.
    ///
    /// The help shows this table, and a test compares the documentation with it.
    static let meanings: [(status: Int32, meaning: String)] = [
        (0, "done"),
        (diverged, "the training diverged: a number is no longer finite"),
        (differs, "a run does not verify"),
        (usage, "wrong usage"),
        (badData, "a data set, model, image, key or signature is damaged or does not fit"),
        (noInput, "a data set, a run or a key was not found"),
        (tooFewWorkers, "too few workers were left for --pause-timeout"),
        (unavailable, "an endpoint, a kernel set or a system resource cannot be used"),
        (workersEnded, "all workers ended, or a process crashed and no restart was left"),
        (cannotCreate, "the run or the file already exists"),
        (fileTrouble, "a file cannot be read or written"),
        (noAnswer, "no answer came in time"),
        (refused, "the coordinator rejected this worker"),
        (configuration, "a configuration does not fit"),
        (signal(SIGHUP), "stopped by SIGHUP"),
        (signal(SIGINT), "stopped by Ctrl-C (SIGINT)"),
        (signal(SIGTERM), "stopped by SIGTERM"),
    ]

    /// Whether Tern ended by itself: done, stopped, or for a reported reason.
    static func isReasoned(_ status: Int32) -> Bool { meanings.contains { $0.status == status } }

    /// The table of all statuses, one per line.
    static var table: String {
        meanings.map { status, meaning in
            "  \(status)\(String(repeating: " ", count: 5 - "\(status)".count))\(meaning)"
        }.joined(separator: "\n")
    }

    /// The status for a command's error.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case let failure as Failure: failure.status
        case let error as ConfigurationError: of(error)
        case let error as DatasetError: of(error)
        case let error as RunDirectoryError: of(error)
        case let error as KeyError: of(error)
        case is SlurmError: usage
        case let error as BenchmarkError: of(error)
        case let error as VerificationError: of(error)
        case let error as SigningKeyError: of(error)
        case is HostListError: usage
        case RemoteProgramError.file: fileTrouble
        case is RemoteProgramError: badData
        case CheckpointError.file: fileTrouble
        case is CheckpointError, is SafetensorsError, is ImageError: badData
        case is FileError: fileTrouble
        case OutputError.stopped(let signal): self.signal(signal)
        case is OutputError: fileTrouble
        case is SocketError, is KernelSelectionError, is ResourceError: unavailable
        default: workersEnded
        }
    }

    private static func of(_ error: ConfigurationError) -> Int32 {
        switch error {
        case .differs, .otherLength, .unreadableFile: configuration
        default: usage
        }
    }

    private static func of(_ error: KeyError) -> Int32 {
        switch error {
        case .noKey, .noCredential, .unknown: noInput
        case .file: fileTrouble
        case .exists, .taken: cannotCreate
        case .exposed, .tooManyKeys, .notPrepared, .jobKey: configuration
        case .malformed, .malformedLine, .sharedKey: badData
        case .badName, .notPublic: usage
        case .busy: unavailable
        }
    }

    private static func of(_ error: BenchmarkError) -> Int32 {
        switch error {
        case .interrupted(let signal): self.signal(signal)
        case .trainingFailed(let status): status
        case .libzmq: unavailable
        case .noResult: fileTrouble
        case .roundsEnded: workersEnded
        }
    }

    private static func of(_ error: DatasetError) -> Int32 {
        switch error {
        case .notFound, .missingFile, .unreadable, .notAFolder: noInput
        default: badData
        }
    }

    private static func of(_ error: VerificationError) -> Int32 {
        switch error {
        case .noRun, .noRecord: noInput
        case .noHeading, .otherData, .notSigned, .noSignature, .otherKey, .cannotSign: badData
        case .changed: fileTrouble
        }
    }

    private static func of(_ error: SigningKeyError) -> Int32 {
        switch error {
        case .file(let error): error.code == ENOENT ? noInput : fileTrouble
        case .exists: cannotCreate
        case .exposed: configuration
        case .unusable: badData
        }
    }

    private static func of(_ error: RunDirectoryError) -> Int32 {
        switch error {
        case .noRun, .noWeights: noInput
        case .file: fileTrouble
        case .holdsRun, .holdsRest, .inUse: cannotCreate
        }
    }
}

/// An unsuccessful end with a one-line reason.
struct Failure: Error {
    let status: Int32
    var message: String
}

/// Runs a command; an error becomes one line on standard error and an exit status.
func exitCleanly(_ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch {
        let message = errorMessage(of: error)
        if !message.isEmpty { printError(message) }
        throw ExitCode(ExitStatus.of(error))
    }
}

/// Prints an error in one line.
func printError(_ message: String) { printLine("error", message) }

/// Prints a warning in one line.
func printWarning(_ message: String) { printLine("warning", message) }

private func printLine(_ kind: String, _ message: String) {
    Output.error("tern: \(kind): \(plainText(message))")
}

/// The one-line reason; empty if it was reported already.
func errorMessage(of error: any Error) -> String {
    switch error {
    case let failure as Failure: failure.message
    // The sender of a signal knows the reason, and a training reports its own.
    case BenchmarkError.interrupted, BenchmarkError.trainingFailed, OutputError.stopped: ""
    default: "\(error)"
    }
}
