import Bounds
import Files
import FoundationEssentials
import KernelInterface
import NeuralNetwork
import Optimizers
import Reduction
import Settings

/// The state between two steps: all that a run needs to resume bit for bit.
public struct Checkpoint: Sendable {
    /// The settings that decide the run's weights.
    public var configuration: TrainingConfiguration
    /// The network's architecture.
    public var architecture: Architecture
    /// The digest over the data set's files, which identifies it.
    public var dataDigest: String
    /// The number of steps made.
    public var step: Int
    /// The epoch of the last step, counted from 1; 0 before the first step.
    public var epoch: Int
    /// The tally of that epoch's steps so far.
    public var epochTally: Tally
    /// The seconds spent on steps, over all sessions of the run.
    public var seconds: Double
    /// The parameters.
    public var parameters: Snapshot
    /// The optimizer's state between steps.
    public var optimizerState: OptimizerState

    /// Makes a checkpoint of a run's state.
    public init(
        configuration: TrainingConfiguration, architecture: Architecture, dataDigest: String,
        step: Int, epoch: Int, epochTally: Tally, seconds: Double, parameters: Snapshot,
        optimizerState: OptimizerState
    ) {
        self.configuration = configuration
        self.architecture = architecture
        self.dataDigest = dataDigest
        self.step = step
        self.epoch = epoch
        self.epochTally = epochTally
        self.seconds = seconds
        self.parameters = parameters
        self.optimizerState = optimizerState
    }

    /// The metadata of a checkpoint: everything but the tensors.
    private struct Record: Codable {
        /// Also changes with the order of additions: a run resumed with another order would end with
        /// bits that no uninterrupted run has.
        static let format = "tern-checkpoint-2"
        var format = Self.format
        let configuration: TrainingConfiguration
        let architecture: Architecture
        let dataDigest: String
        @Bounded<StepNumber> var step: Int
        @Bounded<EpochNumber> var epoch: Int
        let epochTally: Tally
        @Bounded<Seconds> var seconds: Double
    }

    static let recordKey = "tern"

    /// The bytes of the checkpoint's safetensors file.
    public func encoded() -> [UInt8] { file.encoded() }

    /// Writes the bytes of the checkpoint's safetensors file, part by part.
    public func write<Failure: Error>(
        _ sink: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) { try file.write(sink) }

    private var file: Safetensors {
        let record = Record(
            configuration: configuration, architecture: architecture, dataDigest: dataDigest,
            step: step, epoch: epoch, epochTally: epochTally, seconds: seconds)
        var file = Safetensors(metadata: [Self.recordKey: jsonText(record)])
        let layout = ParameterLayout(architecture)
        file.append(parameters, layout: layout)
        for variable in configuration.updateRule.stateVariables {
            guard let values = optimizerState[variable] else {
                preconditionFailure("the optimizer's state lacks its \(variable)")
            }
            file.append(values, layout: layout, prefix: Self.prefix(variable))
        }
        return file
    }

    /// Reads the bytes of a checkpoint's file.
    public init(parsing bytes: [UInt8], path: String) throws(SafetensorsError) {
        let file = try Safetensors(parsing: bytes, path: path)
        guard let text = file.metadata[Self.recordKey] else {
            throw SafetensorsError(path, "it holds no Tern checkpoint")
        }
        let record = try Self.record(text, path: path)
        guard record.format == Record.format else {
            throw SafetensorsError(
                path, unfit: "it is a \(record.format) of a Tern that computes other bits",
                remedy: "go on with that Tern")
        }
        // A bit may have flipped in the digest's key; then nothing verifies the rest.
        guard file.isSealed else { throw SafetensorsError(path, "it has no SHA-256 digest") }
        let layout = ParameterLayout(record.architecture)
        configuration = record.configuration
        architecture = record.architecture
        dataDigest = record.dataDigest
        step = record.step
        epoch = record.epoch
        epochTally = record.epochTally
        seconds = record.seconds
        parameters = try file.values(layout, path: path)
        optimizerState = [:]
        for variable in configuration.updateRule.stateVariables {
            optimizerState[variable] = try file.values(
                layout, prefix: Self.prefix(variable), path: path)
        }
    }

    private static func record(
        _ text: String, path: String
    ) throws(SafetensorsError) -> Record {
        do {
            let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
            try record.configuration.validate()
            return record
        } catch let error as OutOfBounds {
            throw SafetensorsError(path, "\(error)")
        } catch let error as ConfigurationError {
            throw SafetensorsError(path, "\(error)")
        } catch {
            throw SafetensorsError(path, "it holds no Tern checkpoint")
        }
    }

    /// The prefix before a parameter's name in the name of its optimizer state.
    private static func prefix(_ variable: StateVariable) -> String { "\(variable.rawValue)." }
}
